package org.sftn.nn;

import java.util.List;

/**
 * A 2-d convolution without bias, the same padding on all sides; weight {@code out x in/groups x kernel x kernel}.
 *
 * @param groups divides both channel counts; equal to them for a depthwise convolution
 */
public record Convolution(int in, int out, int kernel, int stride, int padding, int groups) implements Layer {
    public Convolution {
        if (in < 1
                || out < 1
                || kernel < 1
                || stride < 1
                || padding < 0
                || groups < 1
                || in % groups != 0
                || out % groups != 0) {
            throw new IllegalArgumentException(
                    "a convolution cannot have in %d, out %d, kernel %d, stride %d, padding %d, groups %d"
                            .formatted(in, out, kernel, stride, padding, groups));
        }
    }

    /** An odd kernel padded so that stride 1 keeps the resolution. */
    public static Convolution same(int in, int out, int kernel, int stride) {
        return new Convolution(in, out, kernel, stride, kernel / 2, 1);
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
        return List.of(new ParameterSpec(
                "weight",
                Shape.of(out, in / groups, kernel, kernel),
                Initializer.kaimingNormal(out * kernel * kernel)));
    }
}
