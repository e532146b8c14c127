package org.sftn.nn;

import java.util.List;

/** A 2-d transposed convolution without bias; weight {@code in x out x kernel x kernel}, as PyTorch keeps it. */
public record TransposedConvolution(int in, int out, int kernel, int stride, int padding) implements Layer {
    public TransposedConvolution {
        if (in < 1 || out < 1 || kernel < 1 || stride < 1 || padding < 0) {
            throw new IllegalArgumentException(
                    "a transposed convolution cannot have in %d, out %d, kernel %d, stride %d, padding %d"
                            .formatted(in, out, kernel, stride, padding));
        }
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
        return List.of(new ParameterSpec(
                "weight", Shape.of(in, out, kernel, kernel), Initializer.kaimingNormal(out * kernel * kernel)));
    }
}
