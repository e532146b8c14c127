package org.sftn.data;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.stream.IntStream;
import org.sftn.conf.DaemonThreads;
import org.sftn.data.BatchLoader.Loaded;

/**
 * Makes batches ahead of their use: one thread reads samples, others turn them into batches. They sleep when {@link #AHEAD} batches
 * are ready or under way.
 */
public final class BatchFeed implements AutoCloseable {
    /** Batches in memory besides the one in use. */
    public static final int AHEAD = 2;

    /** Begins to make a batch. */
    public interface BatchMaker {
        CompletableFuture<Loaded> start(Executor workers);
    }

    private final ExecutorService workers;
    private final Thread reader;
    private final Iterator<? extends BatchMaker> work;
    private final Semaphore free = new Semaphore(AHEAD);
    private final BlockingQueue<CompletableFuture<Loaded>> started = new ArrayBlockingQueue<>(AHEAD + 1);
    private volatile boolean closed;

    /**
     * @param work batches in the order of {@link #next}; its thread reads the samples
     * @param threads that turn samples into batches, at least 1
     */
    public BatchFeed(Iterator<? extends BatchMaker> work, int threads) {
        this.work = work;
        this.workers = Executors.newFixedThreadPool(threads, new DaemonThreads("batch-loader"));
        this.reader = new DaemonThreads("batch-reader").newThread(this::read);
        reader.start();
    }

    /** All images in their order, {@code size} a batch, the last one with what is left. */
    public static BatchFeed evaluation(RankImages images, BatchLoader loader, int size, int threads) {
        Iterator<Sample> samples = images.inOrder();
        return new BatchFeed(
                IntStream.range(0, images.batchesOf(size))
                        .mapToObj(i -> evaluation(samples, loader, size))
                        .iterator(),
                threads);
    }

    private static BatchMaker evaluation(Iterator<Sample> samples, BatchLoader loader, int size) {
        List<Sample> batch = new ArrayList<>();
        while (batch.size() < size && samples.hasNext()) {
            batch.add(samples.next());
        }
        return workers -> loader.evaluation(batch, workers);
    }

    private void read() {
        try {
            while (work.hasNext()) {
                free.acquireUninterruptibly();
                if (closed) {
                    return;
                }
                started.add(work.next().start(workers));
            }
        } catch (RuntimeException | Error e) {
            started.add(CompletableFuture.failedFuture(e));
        }
    }

    /** The next batch; there must be one. Throws what its making threw. */
    public Loaded next() throws InterruptedException {
        CompletableFuture<Loaded> first = started.take();
        try {
            Loaded loaded = first.get();
            free.release();
            return loaded;
        } catch (ExecutionException e) {
            if (e.getCause() instanceof RuntimeException cause) {
                throw cause;
            }
            throw new IllegalStateException(e.getCause());
        }
    }

    // Without an interrupt: it would close the file that the images are read from.
    @Override
    public void close() {
        closed = true;
        free.release();
        workers.shutdown();
    }
}
