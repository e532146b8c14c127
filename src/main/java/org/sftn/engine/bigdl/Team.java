package org.sftn.engine.bigdl;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.concurrent.Phaser;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.sftn.engine.mkl.Blas;

/** The threads of one executable. */
final class Team implements AutoCloseable {
    private final List<Worker> workers = new ArrayList<>();
    private final ExecutorService threads;

    /** @param scratch and {@code kept}: the sizes of each worker's private arrays */
    Team(int size, int scratch, int kept) {
        for (int i = 0; i < size; i++) {
            workers.add(new Worker(i, size, scratch, kept));
        }
        threads = Blas.singleThreadedPool("engine-bigdl", size);
    }

    List<Worker> workers() {
        return workers;
    }

    /** Every worker runs the task for its share of the batch; returns when all have. */
    void run(int batch, Consumer<Worker> task) {
        Phaser barrier = new Phaser(workers.size());
        List<Future<?>> running = new ArrayList<>();
        for (Worker worker : workers) {
            worker.start(batch, barrier);
            running.add(threads.submit(() -> {
                try {
                    task.accept(worker);
                } catch (Throwable e) {
                    barrier.forceTermination();
                    throw e;
                }
            }));
        }
        Throwable failure = null;
        for (Future<?> each : running) {
            Throwable thrown = outcome(each);
            if (thrown != null && (failure == null || failure instanceof CancellationException)) {
                failure = thrown;
            }
        }
        if (failure instanceof Error error) {
            throw error;
        }
        if (failure != null) {
            throw new IllegalStateException("the engine failed", failure);
        }
    }

    /**
     * Null when all went well. An interrupt of the caller waits for the pass: the workers write to arrays that the caller would go on
     * with.
     */
    private static @Nullable Throwable outcome(Future<?> running) {
        boolean interrupted = false;
        try {
            while (true) {
                try {
                    running.get();
                    return null;
                } catch (ExecutionException e) {
                    return e.getCause();
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    @Override
    public void close() {
        threads.shutdown();
    }
}
