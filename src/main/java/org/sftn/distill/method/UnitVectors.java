package org.sftn.distill.method;

import org.sftn.nn.Tensor;

/**
 * Vectors divided by their Euclidean norms.
 *
 * @param rows one after the other
 * @param norms before; at least {@link #SMALLEST}, so that a vector of zeros stays one
 */
public record UnitVectors(float[] rows, double[] norms) {
    private static final double SMALLEST = 1e-8;

    /** @param vectors {@code rows x features} */
    public static UnitVectors of(Tensor vectors) {
        int length = vectors.shape().dimension(1);
        float[] rows = vectors.values().clone();
        double[] norms = new double[vectors.batch()];
        for (int row = 0; row < norms.length; row++) {
            norms[row] = scaleToUnit(rows, row * length, length);
        }
        return new UnitVectors(rows, norms);
    }

    /** Divides one vector by its norm, which it returns. */
    static double scaleToUnit(float[] values, int from, int length) {
        double norm = Math.max(Math.sqrt(dot(values, from, values, from, length)), SMALLEST);
        float scale = (float) (1 / norm);
        for (int i = from; i < from + length; i++) {
            values[i] *= scale;
        }
        return norm;
    }

    static double dot(float[] a, int fromA, float[] b, int fromB, int length) {
        double sum = 0;
        for (int i = 0; i < length; i++) {
            sum += (double) a[fromA + i] * b[fromB + i];
        }
        return sum;
    }

    /** The gradient with respect to the vectors from that with respect to {@link #rows}, in its place. */
    public void backward(float[] gradient) {
        int length = rows.length / norms.length;
        for (int row = 0; row < norms.length; row++) {
            int at = row * length;
            float along = (float) dot(gradient, at, rows, at, length);
            float scale = (float) (1 / norms[row]);
            for (int i = at; i < at + length; i++) {
                gradient[i] = scale * (gradient[i] - along * rows[i]);
            }
        }
    }
}
