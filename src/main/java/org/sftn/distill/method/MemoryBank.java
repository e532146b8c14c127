package org.sftn.distill.method;

import org.sftn.data.order.RandomStream;

/**
 * A vector for each image of an executor, that follows what the network makes of it.
 *
 * @param values rows one after the other, live
 * @param dimension of a row
 */
public record MemoryBank(float[] values, int dimension) {
    /**
     * Uniform within {@code 1 / sqrt(dimension / 3)}, which makes norms of about 1.
     *
     * @param images by index in the split: a row depends on the seed and its image alone
     * @param bank keeps banks of one run apart
     */
    static MemoryBank random(long[] images, int dimension, long seed, int bank) {
        float[] values = new float[Math.multiplyExact(images.length, dimension)];
        double bound = 1 / Math.sqrt(dimension / 3.0);
        for (int row = 0; row < images.length; row++) {
            RandomStream random = RandomStream.of("crd memory", seed, bank, images[row]);
            for (int i = row * dimension; i < (row + 1) * dimension; i++) {
                values[i] = (float) random.nextDouble(-bound, bound);
            }
        }
        return new MemoryBank(values, dimension);
    }

    /**
     * {@code row = momentum row + (1 - momentum) vector}, made a unit vector again.
     *
     * @param rows different ones
     * @param vectors unit vectors, one for each row
     */
    public void follow(int[] rows, float[] vectors, double momentum) {
        float kept = (float) momentum;
        float taken = (float) (1 - momentum);
        for (int i = 0; i < rows.length; i++) {
            int at = rows[i] * dimension;
            for (int d = 0; d < dimension; d++) {
                values[at + d] = kept * values[at + d] + taken * vectors[i * dimension + d];
            }
            UnitVectors.scaleToUnit(values, at, dimension);
        }
    }
}
