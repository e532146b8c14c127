package org.sftn.engine.mkl;

import com.intel.analytics.bigdl.mkl.MKL;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.sftn.conf.DaemonThreads;

/** Matrix products of row-major matrices on BigDL's MKL; every matrix is an array, an offset and the length of a row in it. */
public final class Blas {
    private Blas() {}

    /** Threads whose products run on them alone: the engine splits the batch itself, so that sums have a fixed order. */
    public static ExecutorService singleThreadedPool(String name, int size) {
        DaemonThreads threads = new DaemonThreads(name);
        return Executors.newFixedThreadPool(
                size,
                task -> threads.newThread(() -> {
                    MKL.setNumThreads(1);
                    task.run();
                }));
    }

    /** {@code c = a b + beta c} with a {@code m x k}, b {@code k x n}. */
    public static void multiply(
            int m,
            int n,
            int k,
            float[] a,
            int aAt,
            int aRow,
            float[] b,
            int bAt,
            int bRow,
            float beta,
            float[] c,
            int cAt,
            int cRow) {
        // MKL takes column-major matrices: the transposed product of the transposed operands.
        MKL.vsgemm('N', 'N', n, m, k, 1, b, bAt, bRow, a, aAt, aRow, beta, c, cAt, cRow);
    }

    /** {@code c = a b' + beta c} with a {@code m x k}, b {@code n x k}. */
    public static void multiplyByTransposed(
            int m,
            int n,
            int k,
            float[] a,
            int aAt,
            int aRow,
            float[] b,
            int bAt,
            int bRow,
            float beta,
            float[] c,
            int cAt,
            int cRow) {
        MKL.vsgemm('T', 'N', n, m, k, 1, b, bAt, bRow, a, aAt, aRow, beta, c, cAt, cRow);
    }

    /** {@code c = a' b + beta c} with a {@code k x m}, b {@code k x n}. */
    public static void multiplyTransposed(
            int m,
            int n,
            int k,
            float[] a,
            int aAt,
            int aRow,
            float[] b,
            int bAt,
            int bRow,
            float beta,
            float[] c,
            int cAt,
            int cRow) {
        MKL.vsgemm('N', 'T', n, m, k, 1, b, bAt, bRow, a, aAt, aRow, beta, c, cAt, cRow);
    }
}
