package org.sftn.nn;

import java.util.List;

/**
 * A map's values as a vector, channel after channel and row after row, as PyTorch's {@code torch.flatten(x, 1)}: {@code c x h x w} to {@code c*h*w}, the
 * value of channel {@code i}, row {@code y} and column {@code x} at {@code (i*h + y)*w + x}.
 */
public record Flatten() implements Layer {
    @Override
    public Shape outputShape(List<Shape> inputs) {
        return Shape.of(Layer.onlyMap("flatten", inputs).elements());
    }
}
