package org.sftn.nn;

import java.util.List;

/** min(max(x, 0), 6) (Sandler et al. 2018, arXiv 1801.04381). PyTorch's {@code nn.ReLU6}: the gradient is 1 between 0 and 6, else 0. */
public record Relu6() implements Layer {
    @Override
    public Shape outputShape(List<Shape> inputs) {
        return Layer.only("relu6", inputs);
    }
}
