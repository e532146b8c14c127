package org.sftn.engine.mkl;

import com.intel.analytics.bigdl.mkl.MKL;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import org.sftn.engine.Arithmetic;
import org.sftn.nn.Shape;
import org.sftn.nn.Tensor;

/** {@link Arithmetic} on BigDL's MKL and threads of its own. */
public final class MklArithmetic implements Arithmetic {
    private final int size;
    private final ExecutorService threads;
    private final List<float[]> given = new ArrayList<>();
    private final List<float[]> free = new ArrayList<>();

    /** @param size threads, at least 1 */
    public MklArithmetic(int size) {
        MklLibrary.require();
        this.size = size;
        this.threads = Blas.singleThreadedPool("loss", size);
    }

    @Override
    public void split(int count, Range range) {
        List<Future<?>> running = new ArrayList<>();
        for (int i = 0; i < size; i++) {
            int from = (int) ((long) count * i / size);
            int to = (int) ((long) count * (i + 1) / size);
            if (from < to) {
                running.add(threads.submit(() -> range.run(from, to)));
            }
        }
        boolean interrupted = false;
        RuntimeException failure = null;
        for (Future<?> each : running) {
            while (true) {
                try {
                    each.get();
                    break;
                } catch (InterruptedException e) {
                    // The ranges write to arrays that the caller would go on with.
                    interrupted = true;
                } catch (ExecutionException e) {
                    failure = new IllegalStateException("a loss failed", e.getCause());
                    break;
                }
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        if (failure != null) {
            throw failure;
        }
    }

    // MKL takes column-major matrices: the transposed product of the transposed operands.

    @Override
    public void multiply(int m, int n, int k, float scale, Matrix a, Matrix b, float beta, Matrix c) {
        gemm('N', 'N', m, n, k, scale, a, b, beta, c);
    }

    @Override
    public void multiplyByTransposed(int m, int n, int k, float scale, Matrix a, Matrix b, float beta, Matrix c) {
        gemm('T', 'N', m, n, k, scale, a, b, beta, c);
    }

    @Override
    public void multiplyTransposed(int m, int n, int k, float scale, Matrix a, Matrix b, float beta, Matrix c) {
        gemm('N', 'T', m, n, k, scale, a, b, beta, c);
    }

    private static void gemm(
            char ofB, char ofA, int m, int n, int k, float scale, Matrix a, Matrix b, float beta, Matrix c) {
        require(a, ofA == 'N' ? m : k, ofA == 'N' ? k : m);
        require(b, ofB == 'N' ? k : n, ofB == 'N' ? n : k);
        require(c, m, n);
        MKL.vsgemm(
                ofB,
                ofA,
                n,
                m,
                k,
                scale,
                b.values(),
                b.from(),
                b.row(),
                a.values(),
                a.from(),
                a.row(),
                beta,
                c.values(),
                c.from(),
                c.row());
    }

    // Native code would read or write beyond the array.
    private static void require(Matrix matrix, int rows, int columns) {
        if (rows < 1
                || columns < 1
                || matrix.row() < columns
                || matrix.from() < 0
                || matrix.from() + (long) (rows - 1) * matrix.row() + columns > matrix.values().length) {
            throw new IllegalArgumentException(String.format(
                    Locale.ROOT,
                    "an array of %d values holds no %d x %d matrix from %d with rows of %d",
                    matrix.values().length,
                    rows,
                    columns,
                    matrix.from(),
                    matrix.row()));
        }
    }

    @Override
    public Tensor tensor(Shape shape) {
        int size = shape.elements();
        float[] values =
                free.stream().filter(array -> array.length == size).findFirst().orElseGet(() -> new float[size]);
        // By identity, as lists of arrays do it.
        free.remove(values);
        given.add(values);
        return new Tensor(shape, values);
    }

    @Override
    public void reclaim() {
        free.addAll(given);
        given.clear();
    }

    @Override
    public void close() {
        threads.shutdown();
    }
}
