package org.sftn.distill.method;

import org.sftn.engine.Arithmetic;
import org.sftn.nn.Shape;
import org.sftn.nn.Tensor;

/** Batches of feature maps at the resolution of other ones. */
final class Maps {
    private Maps() {}

    static int pixels(Tensor maps) {
        return maps.shape().dimension(2) * maps.shape().dimension(3);
    }

    /** The maps at the resolution of the other ones, by adaptive average pooling; themselves where they have no more pixels. */
    static Tensor pooled(Arithmetic arithmetic, Tensor maps, Tensor other) {
        return pixels(maps) <= pixels(other) ? maps : pool(maps, other).pooled(arithmetic, maps);
    }

    /**
     * What {@link #pooled} gives back.
     *
     * @param gradient of the means
     * @param maps that were pooled; only their shape counts
     */
    static Tensor unpooled(Arithmetic arithmetic, Tensor gradient, Tensor maps) {
        return pixels(maps) == pixels(gradient)
                ? gradient
                : pool(maps, gradient).unpooled(arithmetic, gradient);
    }

    private static AdaptivePool pool(Tensor maps, Tensor means) {
        return new AdaptivePool(
                maps.shape().dimension(2),
                maps.shape().dimension(3),
                means.shape().dimension(2),
                means.shape().dimension(3));
    }

    /**
     * Every value for all pixels of its window, as nearest upsampling to a whole multiple of the resolution; the maps themselves where
     * they have no fewer pixels.
     */
    static Tensor repeated(Arithmetic arithmetic, Tensor maps, Tensor other) {
        int factor = other.shape().dimension(2) / maps.shape().dimension(2);
        if (factor <= 1) {
            return maps;
        }
        int height = other.shape().dimension(2);
        int width = other.shape().dimension(3);
        int channels = maps.shape().dimension(1);
        Tensor large = arithmetic.tensor(Shape.of(maps.batch(), channels, height, width));
        arithmetic.split(maps.batch() * channels, (first, end) -> {
            float[] from = maps.values();
            float[] to = large.values();
            for (int row = first * height; row < end * height; row++) {
                int source = row / factor * (width / factor);
                for (int x = 0; x < width; x++) {
                    to[row * width + x] = from[source + x / factor];
                }
            }
        });
        return large;
    }
}
