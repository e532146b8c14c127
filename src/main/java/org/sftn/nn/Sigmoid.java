package org.sftn.nn;

import java.util.List;

/** 1 / (1 + exp(-x)); PyTorch's {@code nn.Sigmoid}. */
public record Sigmoid() implements Layer {
    @Override
    public Shape outputShape(List<Shape> inputs) {
        return Layer.only("sigmoid", inputs);
    }
}
