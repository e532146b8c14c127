package org.sftn.nn;

import java.util.List;
import java.util.Locale;

/**
 * The mean of each window of each channel, the same padding on all sides; padding counts as zeros, and in the number of values,
 * as in PyTorch's {@code nn.AvgPool2d}. Windows as {@link MaxPool}'s.
 *
 * @param padding at most half the kernel
 */
public record AveragePool(int kernel, int stride, int padding) implements Layer {
    public AveragePool {
        if (kernel < 1 || stride < 1 || padding < 0 || padding > kernel / 2) {
            throw new IllegalArgumentException(String.format(
                    Locale.ROOT,
                    "an average pool cannot have kernel %d, stride %d, padding %d; its padding is at most half its kernel",
                    kernel,
                    stride,
                    padding));
        }
    }

    @Override
    public Shape outputShape(List<Shape> inputs) {
        Shape input = Layer.onlyMap("average pool", inputs);
        return Shape.of(
                input.channels(),
                Layer.windows("average pool", input.height(), kernel, stride, padding),
                Layer.windows("average pool", input.width(), kernel, stride, padding));
    }
}
