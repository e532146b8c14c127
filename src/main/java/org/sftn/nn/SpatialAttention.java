package org.sftn.nn;

import java.util.List;

/** A map times another one of a single channel, which every channel is multiplied by: {@code c x h x w, 1 x h x w}. */
public record SpatialAttention() implements Layer {
    @Override
    public Shape outputShape(List<Shape> inputs) {
        if (inputs.size() != 2) {
            throw new IllegalArgumentException("gate takes a map and its gate, not " + inputs.size() + " inputs");
        }
        Shape map = inputs.get(0);
        Shape gate = inputs.get(1);
        if (!map.isMap() || !gate.equals(Shape.of(1, map.height(), map.width()))) {
            throw new IllegalArgumentException("gate of " + map + " by " + gate);
        }
        return map;
    }
}
