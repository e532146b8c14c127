package org.sftn.nn;

import java.util.List;

/** 1 / (1 + exp(-x)). */
public record Sigmoid() implements Layer {
    @Override
    public Shape outputShape(List<Shape> inputs) {
        return Layer.only("sigmoid", inputs);
    }
}
