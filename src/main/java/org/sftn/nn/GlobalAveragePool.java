package org.sftn.nn;

import java.util.List;

/** The mean of each channel: {@code c x h x w} to {@code c}. */
public record GlobalAveragePool() implements Layer {
    @Override
    public Shape outputShape(List<Shape> inputs) {
        Shape input = Layer.only("global average pool", inputs);
        if (!input.isMap()) {
            throw new IllegalArgumentException("global average pool needs a feature map, not " + input);
        }
        return Shape.of(input.channels());
    }
}
