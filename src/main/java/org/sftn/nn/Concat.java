package org.sftn.nn;

import java.util.List;

/** The channels of two or more maps of one resolution, one after another; PyTorch's {@code torch.cat(maps, 1)}. */
public record Concat() implements Layer {
    @Override
    public Shape outputShape(List<Shape> inputs) {
        if (inputs.size() < 2) {
            throw new IllegalArgumentException("concat takes two or more inputs, not " + inputs.size());
        }
        Shape first = inputs.get(0);
        int channels = 0;
        for (Shape input : inputs) {
            if (!first.isMap()
                    || !input.isMap()
                    || input.height() != first.height()
                    || input.width() != first.width()) {
                throw new IllegalArgumentException("concat of " + first + " and " + input);
            }
            channels += input.channels();
        }
        return Shape.of(channels, first.height(), first.width());
    }
}
