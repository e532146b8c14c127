package org.sftn.nn;

import java.util.List;
import java.util.Locale;

/**
 * A 2-d convolution, the same padding on all sides; weight {@code out x in/groups x kernel x kernel}. PyTorch's {@code
 * nn.Conv2d}.
 *
 * @param groups divides both channel counts; equal to them for a depthwise convolution
 * @param bias whether there is one
 * @param start the parameters before training
 */
public record Convolution(int in, int out, int kernel, int stride, int padding, int groups, boolean bias, Start start)
        implements Layer {
    /** What parameters are before training. */
    public enum Start {
        /** Weights by {@link Initializer#kaimingNormal}, which suits a ReLU behind them; biases 0. */
        KAIMING_NORMAL,
        /** As PyTorch does: all uniform within 1/sqrt(in / groups * kernel area). */
        UNIFORM
    }

    public Convolution {
        if (in < 1
                || out < 1
                || kernel < 1
                || stride < 1
                || padding < 0
                || groups < 1
                || in % groups != 0
                || out % groups != 0) {
            throw new IllegalArgumentException(String.format(
                    Locale.ROOT,
                    "a convolution cannot have in %d, out %d, kernel %d, stride %d, padding %d, groups %d",
                    in,
                    out,
                    kernel,
                    stride,
                    padding,
                    groups));
        }
    }

    /** Without bias. */
    public Convolution(int in, int out, int kernel, int stride, int padding, int groups) {
        this(in, out, kernel, stride, padding, groups, false, Start.KAIMING_NORMAL);
    }

    /** An odd kernel padded so that stride 1 keeps the resolution. */
    public static Convolution same(int in, int out, int kernel, int stride) {
        return new Convolution(in, out, kernel, stride, kernel / 2, 1);
    }

    /** The same with a bias. */
    public Convolution withBias() {
        return new Convolution(in, out, kernel, stride, padding, groups, true, start);
    }

    /** The same with another start. */
    public Convolution startingFrom(Start other) {
        return new Convolution(in, out, kernel, stride, padding, groups, bias, other);
    }

    @Override
    public Shape outputShape(List<Shape> inputs) {
        Shape input = Layer.onlyMap("convolution", in, inputs);
        return Shape.of(
                out,
                Layer.windows("convolution", input.height(), kernel, stride, padding),
                Layer.windows("convolution", input.width(), kernel, stride, padding));
    }

    @Override
    public List<ParameterSpec> parameters() {
        Initializer uniform = new Initializer.Uniform(1 / Math.sqrt((double) in / groups * kernel * kernel));
        ParameterSpec weight = new ParameterSpec(
                "weight",
                Shape.of(out, in / groups, kernel, kernel),
                start == Start.UNIFORM ? uniform : Initializer.kaimingNormal(out * kernel * kernel));
        Initializer ofBias = start == Start.UNIFORM ? uniform : new Initializer.Constant(0);
        return bias ? List.of(weight, new ParameterSpec("bias", Shape.of(out), ofBias)) : List.of(weight);
    }
}
