package org.sftn.engine.bigdl;

/** Loops that the JIT compiler turns into vector instructions; from inclusive, to exclusive. */
final class Loops {
    private Loops() {}

    static void relu(float[] x, float[] y, int from, int to) {
        for (int i = from; i < to; i++) {
            y[i] = Math.max(x[i], 0);
        }
    }

    /** {@code result[i] = gradient[i]} where {@code y[i] > 0}, else 0; y must not be negative. */
    static void keepWherePositive(float[] y, float[] gradient, float[] result, int from, int to) {
        for (int i = from; i < to; i++) {
            result[i] = gradient[i] * oneWherePositive(y[i]);
        }
    }

    static void addWherePositive(float[] y, float[] gradient, float[] result, int from, int to) {
        for (int i = from; i < to; i++) {
            result[i] += gradient[i] * oneWherePositive(y[i]);
        }
    }

    /** Exactly 1 or 0. A comparison would be a branch, which is mispredicted every other time; even the least float exceeds 1 here. */
    private static float oneWherePositive(float y) {
        return Math.min(y * 1e38f * 1e38f, 1);
    }

    static void add(float[] a, float[] b, float[] sum, int from, int to) {
        for (int i = from; i < to; i++) {
            sum[i] = a[i] + b[i];
        }
    }

    static void add(float[] from, int fromAt, float[] to, int toAt, int length) {
        for (int i = 0; i < length; i++) {
            to[toAt + i] += from[fromAt + i];
        }
    }

    static double sum(float[] x, int from, int to) {
        // Four chains: one would wait for each addition before the next.
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

    /** {@code sums[i] += x[at + i] - center}, {@code squares[i] +=} the square of that. */
    static void addCentered(float[] x, int at, float center, float[] sums, float[] squares, int length) {
        for (int i = 0; i < length; i++) {
            float centered = x[at + i] - center;
            sums[i] += centered;
            squares[i] += centered * centered;
        }
    }

    /** {@code sums[i] += y[at + i]}, {@code products[i] += y[at + i] (x[at + i] - center)}. */
    static void addProducts(float[] y, float[] x, int at, float center, float[] sums, float[] products, int length) {
        for (int i = 0; i < length; i++) {
            sums[i] += y[at + i];
            products[i] += y[at + i] * (x[at + i] - center);
        }
    }

    /** {@code y = (x - mean) scale + bias}. */
    static void normalize(float[] x, float[] y, float mean, float scale, float bias, int from, int to) {
        for (int i = from; i < to; i++) {
            y[i] = (x[i] - mean) * scale + bias;
        }
    }

    /** {@code result = (gradient - shift - (x - mean) projection) scale}. */
    static void project(
            float[] gradient,
            float[] x,
            float[] result,
            float shift,
            float mean,
            float projection,
            float scale,
            int from,
            int to) {
        for (int i = from; i < to; i++) {
            result[i] = (gradient[i] - shift - (x[i] - mean) * projection) * scale;
        }
    }

    /** {@code result += (gradient - shift - (x - mean) projection) scale}. */
    static void addProjected(
            float[] gradient,
            float[] x,
            float[] result,
            float shift,
            float mean,
            float projection,
            float scale,
            int from,
            int to) {
        for (int i = from; i < to; i++) {
            result[i] += (gradient[i] - shift - (x[i] - mean) * projection) * scale;
        }
    }
}
