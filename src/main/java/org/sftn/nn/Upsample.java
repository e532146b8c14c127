package org.sftn.nn;

import java.util.List;

/**
 * Every pixel repeated {@code factor} times in both directions; PyTorch's {@code nn.Upsample} with {@code
 * mode="nearest"}.
 *
 * @param factor at least 2
 */
public record Upsample(int factor) implements Layer {
    public Upsample {
        if (factor < 2) {
            throw new IllegalArgumentException("an upsampling cannot have the factor " + factor);
        }
    }

    @Override
    public Shape outputShape(List<Shape> inputs) {
        Shape input = Layer.onlyMap("upsampling", inputs);
        return Shape.of(input.channels(), input.height() * factor, input.width() * factor);
    }
}
