package org.sftn.distill.method;

import java.util.Arrays;
import org.sftn.engine.Arithmetic;
import org.sftn.engine.Arithmetic.Matrix;

/**
 * Noise-contrastive estimation of anchors against the rows of a memory (Tian et al. 2020, arXiv 1910.10699). With
 * {@code P_j = exp(<anchor, row_j> / temperature) / Z} and the noise {@code c = negatives / images} an anchor has the loss
 *
 * <pre>{@code -log(P_positive / (P_positive + c + 1e-7)) - sum over negatives j of log(c / (P_j + c + 1e-7))}</pre>
 *
 * <p>The pool is worked through in blocks that stay in a core's cache. For one step at a time: it keeps what it computes in.
 */
public final class ContrastiveLoss {
    private static final double EPSILON = 1e-7;
    private static final int BLOCK = 512;
    // Threads take whole parts; what a thread scratches in belongs to its first part, the same one in every step.
    private static final int PARTS = 64;

    private static final float LOG2_E = (float) (1 / Math.log(2));
    // ln 2 in two parts, so that whole numbers times the first are exact.
    private static final float LN2_HIGH = 355 / 512f;
    private static final float LN2_LOW = (float) (Math.log(2) - LN2_HIGH);

    private final Arithmetic arithmetic;
    private final int batch;
    private final int dimension;
    private final float inverseTemperature;
    private final Scratch[] scratches = new Scratch[PARTS];

    /** @param gradient of the value, a mean over the anchors, with respect to them */
    public record Result(double value, float[] gradient) {}

    /**
     * @param batch anchors, at most
     * @param dimension of anchors and rows
     */
    public ContrastiveLoss(Arithmetic arithmetic, int batch, int dimension, double temperature) {
        this.arithmetic = arithmetic;
        this.batch = batch;
        this.dimension = dimension;
        this.inverseTemperature = (float) (1 / temperature);
    }

    /** Z as the first batch sets it: the mean of {@code exp(<anchor, row> / temperature)} times the images. */
    public double normalizer(float[] anchors, MemoryBank memory, Negatives negatives, long images) {
        int count = negatives.positives().length;
        overPool(negatives, (scratch, from, length) -> {
            scratch.gather(memory, negatives.pool(), from, length);
            scores(scratch, anchors, count, length);
            for (int anchor = 0; anchor < count; anchor++) {
                int row = anchor * BLOCK;
                exponentials(scratch.scores, row, length);
                for (int j = 0; j < length; j++) {
                    scratch.sum += negatives.counts()[anchor][from + j] * scratch.scores[row + j];
                }
            }
        });
        double sum = sum();
        for (int anchor = 0; anchor < count; anchor++) {
            sum += Math.exp(positiveScore(anchors, memory, negatives, anchor));
        }
        return sum / (count * (negatives.each() + 1.0)) * images;
    }

    /**
     * @param anchors unit vectors, one for each image
     * @param normalizer Z
     * @param images rows of the memory
     */
    public Result of(float[] anchors, MemoryBank memory, Negatives negatives, double normalizer, long images) {
        int count = negatives.positives().length;
        double noise = (double) negatives.each() / images;
        double inverse = 1 / (normalizer * (noise + EPSILON));
        overPool(negatives, (scratch, from, length) -> {
            scratch.gather(memory, negatives.pool(), from, length);
            scores(scratch, anchors, count, length);
            for (int anchor = 0; anchor < count; anchor++) {
                scratch.sum += contrast(
                        scratch.scores, anchor * BLOCK, negatives.counts()[anchor], from, length, (float) inverse);
            }
            arithmetic.multiply(
                    count,
                    dimension,
                    length,
                    1,
                    new Matrix(scratch.scores, 0, BLOCK),
                    Matrix.of(scratch.rows, dimension),
                    1,
                    Matrix.of(scratch.gradient, dimension));
        });
        double sum = sum() + (double) count * negatives.each() * Math.log1p(EPSILON / noise);
        float[] gradient = gradient(count);
        for (int anchor = 0; anchor < count; anchor++) {
            double relative = Math.exp(positiveScore(anchors, memory, negatives, anchor)) * inverse;
            sum += Math.log1p(1 / relative);
            float pull = (float) (-1 / (1 + relative));
            int at = negatives.positives()[anchor] * dimension;
            for (int d = 0; d < dimension; d++) {
                gradient[anchor * dimension + d] += pull * memory.values()[at + d];
            }
        }
        float scale = inverseTemperature / count;
        for (int i = 0; i < gradient.length; i++) {
            gradient[i] *= scale;
        }
        return new Result(sum / count, gradient);
    }

    /** Takes some rows of the pool. */
    @FunctionalInterface
    private interface Block {
        void run(Scratch scratch, int from, int length);
    }

    /** What one thread scratches in, and its sums. */
    private static final class Scratch {
        private final float[] rows;
        private final float[] scores;
        private final float[] gradient;
        private double sum;

        Scratch(int batch, int dimension) {
            rows = new float[BLOCK * dimension];
            scores = new float[batch * BLOCK];
            gradient = new float[batch * dimension];
        }

        void gather(MemoryBank memory, int[] pool, int from, int length) {
            int dimension = memory.dimension();
            for (int i = 0; i < length; i++) {
                System.arraycopy(memory.values(), pool[from + i] * dimension, rows, i * dimension, dimension);
            }
        }
    }

    private void overPool(Negatives negatives, Block block) {
        arithmetic.split(PARTS, (from, to) -> {
            if (scratches[from] == null) {
                scratches[from] = new Scratch(batch, dimension);
            }
            Scratch scratch = scratches[from];
            scratch.sum = 0;
            Arrays.fill(scratch.gradient, 0);
            int end = (int) ((long) negatives.size() * to / PARTS);
            for (int at = (int) ((long) negatives.size() * from / PARTS); at < end; at += BLOCK) {
                block.run(scratch, at, Math.min(BLOCK, end - at));
            }
        });
    }

    private double sum() {
        double sum = 0;
        for (Scratch scratch : scratches) {
            sum += scratch == null ? 0 : scratch.sum;
        }
        return sum;
    }

    private float[] gradient(int count) {
        float[] gradient = new float[count * dimension];
        for (Scratch scratch : scratches) {
            for (int i = 0; scratch != null && i < gradient.length; i++) {
                gradient[i] += scratch.gradient[i];
            }
        }
        return gradient;
    }

    private void scores(Scratch scratch, float[] anchors, int count, int length) {
        arithmetic.multiplyByTransposed(
                count,
                length,
                dimension,
                inverseTemperature,
                Matrix.of(anchors, dimension),
                Matrix.of(scratch.rows, dimension),
                0,
                new Matrix(scratch.scores, 0, BLOCK));
    }

    private double positiveScore(float[] anchors, MemoryBank memory, Negatives negatives, int anchor) {
        int row = negatives.positives()[anchor];
        return inverseTemperature
                * UnitVectors.dot(anchors, anchor * dimension, memory.values(), row * dimension, dimension);
    }

    /**
     * Sums {@code log(1 + u)} with {@code u = inverse * exp(score)} and replaces the scores by its derivative
     * {@code u / (1 + u)}, each as often as it counts.
     */
    private static double contrast(float[] scores, int at, float[] counts, int from, int length, float inverse) {
        exponentials(scores, at, length);
        double sum = 0;
        double product = 1;
        for (int j = 0; j < length; j++) {
            double factor = 1 + (double) (inverse * scores[at + j]);
            for (int times = (int) counts[from + j]; times > 0; times--) {
                product *= factor;
                // One logarithm for many factors. A factor is at most the largest float, so that no product overflows.
                if (product > 1e100) {
                    sum += Math.log(product);
                    product = 1;
                }
            }
        }
        for (int j = 0; j < length; j++) {
            float u = inverse * scores[at + j];
            scores[at + j] = counts[from + j] * u / (1 + u);
        }
        return sum + Math.log(product);
    }

    /**
     * exp of some values between -87 and 87 to about 1e-7: {@code 2^n} times a polynomial of the rest. Math.exp takes
     * several times as long.
     */
    private static void exponentials(float[] values, int at, int length) {
        for (int j = at; j < at + length; j++) {
            float x = values[j];
            // Adding 1.5 * 2^23 leaves the nearest whole number in the lowest bits.
            float shifted = x * LOG2_E + 12582912f;
            float n = shifted - 12582912f;
            float r = x - n * LN2_HIGH - n * LN2_LOW;
            float p = 1
                    + r
                            * (1
                                    + r
                                            * (1 / 2f
                                                    + r
                                                            * (1 / 6f
                                                                    + r
                                                                            * (1 / 24f
                                                                                    + r
                                                                                            * (1 / 120f
                                                                                                    + r
                                                                                                            * (1 / 720f
                                                                                                                    + r
                                                                                                                            / 5040f))))));
            values[j] = Float.intBitsToFloat(Float.floatToRawIntBits(p) + (Float.floatToRawIntBits(shifted) << 23));
        }
    }
}
