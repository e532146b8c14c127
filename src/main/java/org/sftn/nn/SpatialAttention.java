package org.sftn.nn;

import java.util.List;

/**
 * A map weighted by place: times another one of a single channel, which every channel is multiplied by: {@code c x h x w, 1 x h x w}.
 * In PyTorch {@code x * attention}, which broadcasts.
 */
public record SpatialAttention() implements Layer {
    @Override
    public Shape outputShape(List<Shape> inputs) {
        if (inputs.size() != 2) {
            throw new IllegalArgumentException(
                    "spatial attention takes a map and its weights, not " + inputs.size() + " inputs");
        }
        Shape map = inputs.get(0);
        Shape weights = inputs.get(1);
        if (!map.isMap() || !weights.equals(Shape.of(1, map.height(), map.width()))) {
            throw new IllegalArgumentException("spatial attention of " + map + " by " + weights);
        }
        return map;
    }
}
