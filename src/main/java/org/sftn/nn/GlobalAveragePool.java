package org.sftn.nn;

import java.util.List;

/** The mean of each channel: {@code c x h x w} to {@code c}; PyTorch's {@code nn.AdaptiveAvgPool2d(1)}, flattened. */
public record GlobalAveragePool() implements Layer {
    @Override
    public Shape outputShape(List<Shape> inputs) {
        Shape input = Layer.onlyMap("global average pool", inputs);
        return Shape.of(input.channels());
    }
}
