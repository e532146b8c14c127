package org.sftn.engine.bigdl;

/** Loops that the JIT compiler turns into vector instructions; from inclusive, to exclusive. */
final class Loops {
    private Loops() {}

    static void relu(float[] x, float[] y, int from, int to) {
        for (int i = from; i < to; i++) {
            y[i] = Math.max(x[i], 0);
        }
    }

    /** {@code to[i] = gradient[i]} where {@code y[i] > 0}, else 0. */
    static void keepWherePositive(float[] y, float[] gradient, float[] result, int from, int to) {
        for (int i = from; i < to; i++) {
            result[i] = y[i] > 0 ? gradient[i] : 0;
        }
    }

    static void addWherePositive(float[] y, float[] gradient, float[] result, int from, int to) {
        for (int i = from; i < to; i++) {
            result[i] += y[i] > 0 ? gradient[i] : 0;
        }
    }

    static void add(float[] a, float[] b, float[] sum, int from, int to) {
        for (int i = from; i < to; i++) {
            sum[i] = a[i] + b[i];
        }
    }

    // The sums below have four chains: one would wait for each addition before the next. All are in double, so that long sums of
    // floats lose nothing that matters.

    static double sum(float[] x, int from, int to) {
        double a = 0;
        double b = 0;
        double c = 0;
        double d = 0;
        int i = from;
        for (; i + 3 < to; i += 4) {
            a += x[i];
            b += x[i + 1];
            c += x[i + 2];
            d += x[i + 3];
        }
        for (; i < to; i++) {
            a += x[i];
        }
        return a + b + (c + d);
    }

    static double sumOfSquares(float[] x, int from, int to) {
        double a = 0;
        double b = 0;
        double c = 0;
        double d = 0;
        int i = from;
        for (; i + 3 < to; i += 4) {
            a += (double) x[i] * x[i];
            b += (double) x[i + 1] * x[i + 1];
            c += (double) x[i + 2] * x[i + 2];
            d += (double) x[i + 3] * x[i + 3];
        }
        for (; i < to; i++) {
            a += (double) x[i] * x[i];
        }
        return a + b + (c + d);
    }

    static double sumOfProducts(float[] x, float[] y, int from, int to) {
        double a = 0;
        double b = 0;
        double c = 0;
        double d = 0;
        int i = from;
        for (; i + 3 < to; i += 4) {
            a += (double) x[i] * y[i];
            b += (double) x[i + 1] * y[i + 1];
            c += (double) x[i + 2] * y[i + 2];
            d += (double) x[i + 3] * y[i + 3];
        }
        for (; i < to; i++) {
            a += (double) x[i] * y[i];
        }
        return a + b + (c + d);
    }

    /** {@code y = (x - mean) scale + bias}. */
    static void normalise(float[] x, float[] y, float mean, float scale, float bias, int from, int to) {
        for (int i = from; i < to; i++) {
            y[i] = (x[i] - mean) * scale + bias;
        }
    }
}
