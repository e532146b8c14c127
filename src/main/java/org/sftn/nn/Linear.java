package org.sftn.nn;

import java.util.List;
import java.util.Locale;

/**
 * A fully connected layer with bias; weight {@code out x in}. PyTorch's {@code nn.Linear}, initialized as there: uniform within
 * 1/sqrt(in).
 */
public record Linear(int in, int out) implements Layer {
    public Linear {
        if (in < 1 || out < 1) {
            throw new IllegalArgumentException(
                    String.format(Locale.ROOT, "a linear layer cannot have in %d, out %d", in, out));
        }
    }

    @Override
    public Shape outputShape(List<Shape> inputs) {
        Shape input = Layer.only("linear", inputs);
        if (!input.equals(Shape.of(in))) {
            throw new IllegalArgumentException("linear of " + in + " features does not fit an input of " + input);
        }
        return Shape.of(out);
    }

    @Override
    public List<ParameterSpec> parameters() {
        Initializer uniform = new Initializer.Uniform(1 / Math.sqrt(in));
        return List.of(
                new ParameterSpec("weight", Shape.of(out, in), uniform),
                new ParameterSpec("bias", Shape.of(out), uniform));
    }
}
