package org.sftn.nn;

import java.util.List;

/**
 * A trained vector without input, the same for every image of a batch; in PyTorch an {@code nn.Parameter}.
 *
 * @param size its length
 * @param start what every value is before training
 */
public record ParameterVector(int size, float start) implements Layer {
    public ParameterVector {
        if (size < 1) {
            throw new IllegalArgumentException("a parameter vector cannot have the size " + size);
        }
    }

    @Override
    public Shape outputShape(List<Shape> inputs) {
        if (!inputs.isEmpty()) {
            throw new IllegalArgumentException("a parameter vector takes no input, not " + inputs.size());
        }
        return Shape.of(size);
    }

    @Override
    public List<ParameterSpec> parameters() {
        return List.of(new ParameterSpec("weight", Shape.of(size), new Initializer.Constant(start)));
    }
}
