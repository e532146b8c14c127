package org.sftn.nn;

import java.util.List;

/** max(x, 0); PyTorch's {@code nn.ReLU}. */
public record Relu() implements Layer {
    @Override
    public Shape outputShape(List<Shape> inputs) {
        return Layer.only("relu", inputs);
    }
}
