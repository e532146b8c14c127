package org.sftn.distill.method;

import java.util.Arrays;
import org.sftn.engine.Arithmetic;
import org.sftn.nn.Tensor;

/**
 * Products of the rows of a small matrix in double precision: losses of relations between images are differences of nearly equal
 * numbers.
 */
final class RowProducts {
    private RowProducts() {}

    /** Rows of features, or of whole maps, one after the other. */
    static double[] rows(Tensor tensor) {
        double[] rows = new double[tensor.values().length];
        for (int i = 0; i < rows.length; i++) {
            rows[i] = tensor.values()[i];
        }
        return rows;
    }

    /** {@code x x'}, {@code count x count}, of {@code count} rows x. */
    static double[] gram(double[] x, int count, Arithmetic arithmetic) {
        int columns = x.length / count;
        double[] transposed = new double[x.length];
        for (int i = 0; i < count; i++) {
            for (int c = 0; c < columns; c++) {
                transposed[c * count + i] = x[i * columns + c];
            }
        }
        double[] gram = new double[count * count];
        arithmetic.split(count, (from, to) -> {
            double[] sum = new double[count];
            for (int i = from; i < to; i++) {
                Arrays.fill(sum, 0);
                for (int c = 0; c < columns; c++) {
                    add(x[i * columns + c], transposed, c * count, sum);
                }
                System.arraycopy(sum, 0, gram, i * count, count);
            }
        });
        return gram;
    }

    /** {@code (a + a') x} of a {@code count x count} and {@code count} rows x: a gradient of a {@link #gram}, taken back to x. */
    static double[] backward(double[] a, double[] x, int count, Arithmetic arithmetic) {
        int columns = x.length / count;
        double[] product = new double[x.length];
        arithmetic.split(count, (from, to) -> {
            double[] sum = new double[columns];
            for (int i = from; i < to; i++) {
                Arrays.fill(sum, 0);
                for (int j = 0; j < count; j++) {
                    add(a[i * count + j] + a[j * count + i], x, j * columns, sum);
                }
                System.arraycopy(sum, 0, product, i * columns, columns);
            }
        });
        return product;
    }

    private static void add(double factor, double[] values, int from, double[] sum) {
        for (int i = 0; i < sum.length; i++) {
            sum[i] += factor * values[from + i];
        }
    }
}
