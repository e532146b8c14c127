package org.sftn.nn;

import java.util.List;
import java.util.Locale;

/**
 * A 2-d transposed convolution; weight {@code in x out x kernel x kernel}, as PyTorch's {@code nn.ConvTranspose2d} keeps it.
 *
 * @param bias whether there is one; it starts from 0
 */
public record TransposedConvolution(int in, int out, int kernel, int stride, int padding, boolean bias)
        implements Layer {
    public TransposedConvolution {
        if (in < 1 || out < 1 || kernel < 1 || stride < 1 || padding < 0) {
            throw new IllegalArgumentException(String.format(
                    Locale.ROOT,
                    "a transposed convolution cannot have in %d, out %d, kernel %d, stride %d, padding %d",
                    in,
                    out,
                    kernel,
                    stride,
                    padding));
        }
    }

    /** Without bias. */
    public TransposedConvolution(int in, int out, int kernel, int stride, int padding) {
        this(in, out, kernel, stride, padding, false);
    }

    /** The same with a bias. */
    public TransposedConvolution withBias() {
        return new TransposedConvolution(in, out, kernel, stride, padding, true);
    }

    @Override
    public Shape outputShape(List<Shape> inputs) {
        Shape input = Layer.onlyMap("transposed convolution", in, inputs);
        return Shape.of(out, size(input.height()), size(input.width()));
    }

    private int size(int input) {
        int size = (input - 1) * stride - 2 * padding + kernel;
        if (size < 1) {
            throw new IllegalArgumentException(
                    "transposed convolution: a padding of " + padding + " leaves nothing of an input of " + input);
        }
        return size;
    }

    @Override
    public List<ParameterSpec> parameters() {
        ParameterSpec weight = new ParameterSpec(
                "weight", Shape.of(in, out, kernel, kernel), Initializer.kaimingNormal(out * kernel * kernel));
        return bias
                ? List.of(weight, new ParameterSpec("bias", Shape.of(out), new Initializer.Constant(0)))
                : List.of(weight);
    }
}
