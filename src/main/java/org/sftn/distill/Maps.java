package org.sftn.distill;

import org.sftn.engine.Arithmetic;
import org.sftn.nn.Shape;
import org.sftn.nn.Tensor;

/** Batches of feature maps at the resolution of other ones, {@code k} times as small or as large along both sides. */
final class Maps {
    private Maps() {}

    /** What the values of all windows of a plane go through. */
    @FunctionalInterface
    private interface Windows {
        /**
         * @param fine where the plane of the higher resolution begins
         * @param coarse where that of the lower resolution begins
         */
        void plane(int fine, int coarse);
    }

    static int pixels(Tensor maps) {
        return maps.shape().dimension(2) * maps.shape().dimension(3);
    }

    /** The means of windows, as adaptive average pooling; the maps themselves where they have no more pixels than the other ones. */
    static Tensor pooled(Arithmetic arithmetic, Tensor maps, Tensor other) {
        int factor = maps.shape().dimension(2) / other.shape().dimension(2);
        if (factor <= 1) {
            return maps;
        }
        Tensor means = Tensor.zeros(resized(maps.shape(), other.shape()));
        int width = means.shape().dimension(3);
        float scale = 1f / (factor * factor);
        planes(arithmetic, maps, means, (fine, coarse) -> {
            float[] from = maps.values();
            float[] to = means.values();
            for (int i = 0; i < maps.shape().dimension(2); i++) {
                int row = coarse + i / factor * width;
                int at = fine + i * width * factor;
                for (int x = 0; x < width; x++) {
                    float sum = 0;
                    for (int k = 0; k < factor; k++) {
                        sum += from[at + x * factor + k];
                    }
                    to[row + x] += scale * sum;
                }
            }
        });
        return means;
    }

    /**
     * What {@link #pooled} gives back.
     *
     * @param gradient of the means
     * @param maps that were pooled; only their shape counts
     */
    static Tensor unpooled(Arithmetic arithmetic, Tensor gradient, Tensor maps) {
        int factor = maps.shape().dimension(2) / gradient.shape().dimension(2);
        return enlarged(arithmetic, gradient, maps, 1f / (factor * factor));
    }

    /** Every value for all pixels of its window, as nearest upsampling; the maps themselves where they have no fewer pixels. */
    static Tensor repeated(Arithmetic arithmetic, Tensor maps, Tensor other) {
        return enlarged(arithmetic, maps, other, 1);
    }

    private static Tensor enlarged(Arithmetic arithmetic, Tensor maps, Tensor other, float scale) {
        int factor = other.shape().dimension(2) / maps.shape().dimension(2);
        if (factor <= 1) {
            return maps;
        }
        Tensor large = Tensor.zeros(resized(maps.shape(), other.shape()));
        int width = large.shape().dimension(3);
        planes(arithmetic, large, maps, (fine, coarse) -> {
            float[] from = maps.values();
            float[] to = large.values();
            for (int i = 0; i < large.shape().dimension(2); i++) {
                int row = coarse + i / factor * (width / factor);
                int at = fine + i * width;
                for (int x = 0; x < width / factor; x++) {
                    float value = scale * from[row + x];
                    for (int k = 0; k < factor; k++) {
                        to[at + x * factor + k] = value;
                    }
                }
            }
        });
        return large;
    }

    private static void planes(Arithmetic arithmetic, Tensor fine, Tensor coarse, Windows windows) {
        arithmetic.split(fine.batch() * fine.shape().dimension(1), (from, to) -> {
            for (int plane = from; plane < to; plane++) {
                windows.plane(plane * pixels(fine), plane * pixels(coarse));
            }
        });
    }

    private static Shape resized(Shape maps, Shape to) {
        return Shape.of(maps.dimension(0), maps.dimension(1), to.dimension(2), to.dimension(3));
    }
}
