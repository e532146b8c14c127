package org.sftn.nn;

import java.util.List;
import java.util.Locale;

/**
 * The maximum of each window of each channel, the same padding on all sides; padding counts as minus infinity, NaN as the
 * largest. {@code c x h x w} to {@code c x h' x w'} with h' = floor((h + 2 padding - kernel) / stride) + 1, as PyTorch's
 * {@code nn.MaxPool2d}. Of equal values the first in row-major order is the maximum: it alone gets the gradient.
 *
 * @param padding at most half the kernel, so that every window has a value
 */
public record MaxPool(int kernel, int stride, int padding) implements Layer {
    public MaxPool {
        if (kernel < 1 || stride < 1 || padding < 0 || padding > kernel / 2) {
            throw new IllegalArgumentException(String.format(
                    Locale.ROOT,
                    "a max pool cannot have kernel %d, stride %d, padding %d; its padding is at most half its kernel",
                    kernel,
                    stride,
                    padding));
        }
    }

    @Override
    public Shape outputShape(List<Shape> inputs) {
        Shape input = Layer.onlyMap("max pool", inputs);
        return Shape.of(
                input.channels(),
                Layer.windows("max pool", input.height(), kernel, stride, padding),
                Layer.windows("max pool", input.width(), kernel, stride, padding));
    }
}
