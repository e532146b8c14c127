package org.sftn.nn;

import java.util.List;

/**
 * x where x is positive, else {@code slope * x}; PyTorch's {@code nn.LeakyReLU}.
 *
 * @param slope more than 0, less than 1
 */
public record LeakyRelu(double slope) implements Layer {
    public LeakyRelu {
        if (!(slope > 0 && slope < 1)) {
            throw new IllegalArgumentException("a leaky relu cannot have the slope " + slope);
        }
    }

    @Override
    public Shape outputShape(List<Shape> inputs) {
        return Layer.only("leaky relu", inputs);
    }
}
