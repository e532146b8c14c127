package org.sftn.engine;

import org.sftn.nn.Shape;
import org.sftn.nn.Tensor;

/**
 * What losses compute with: products of row-major matrices on MKL, loops over several threads, memory for large results. The same bits for the same
 * arguments and number of threads.
 */
public interface Arithmetic extends AutoCloseable {
    /** A part of a loop. */
    @FunctionalInterface
    interface Range {
        void run(int from, int to);
    }

    /**
     * Splits 0 to {@code count} into one range a thread and runs them at the same time; returns when all are done. Not to be
     * called from within a range.
     */
    void split(int count, Range range);

    /** {@code c = scale a b + beta c} with a {@code m x k}, b {@code k x n}, on the calling thread, which {@link #split} runs. */
    void multiply(int m, int n, int k, float scale, Matrix a, Matrix b, float beta, Matrix c);

    /** {@code c = scale a b' + beta c} with a {@code m x k}, b {@code n x k}; otherwise as {@link #multiply}. */
    void multiplyByTransposed(int m, int n, int k, float scale, Matrix a, Matrix b, float beta, Matrix c);

    /** {@code c = scale a' b + beta c} with a {@code k x m}, b {@code k x n}; otherwise as {@link #multiply}. */
    void multiplyTransposed(int m, int n, int k, float scale, Matrix a, Matrix b, float beta, Matrix c);

    /**
     * A tensor to fill, of any values, for a large result: its memory is used again after {@link #reclaim}. New memory for every
     * step would have to be cleared, and brought into the caches, each time.
     */
    Tensor tensor(Shape shape);

    /** Takes back all that {@link #tensor} has given. */
    void reclaim();

    /**
     * Where a matrix lies.
     *
     * @param from the index of its first value
     * @param row values from one row to the next
     */
    record Matrix(float[] values, int from, int row) {
        /** A matrix that fills its array. */
        public static Matrix of(float[] values, int columns) {
            return new Matrix(values, 0, columns);
        }

        /** The rows from here on. */
        public Matrix fromRow(int index) {
            return new Matrix(values, from + index * row, row);
        }
    }

    /** Ends the threads. */
    @Override
    void close();
}
