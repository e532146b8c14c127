package org.sftn.train;

import java.util.ArrayDeque;
import java.util.Iterator;
import java.util.Queue;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** Makes the next few elements ahead of their use, one more than it has threads; these sleep when so many are ready. */
final class Prefetch<T> implements AutoCloseable {
    private final ExecutorService threads;
    private final Iterator<? extends Callable<T>> work;
    private final Queue<Future<T>> pending = new ArrayDeque<>();

    /**
     * @param work elements to make, in the order of {@link #next}
     * @param count of threads, at least 1
     */
    Prefetch(Iterator<? extends Callable<T>> work, int count) {
        this.threads = Executors.newFixedThreadPool(count, task -> {
            Thread thread = new Thread(task, "batch-loader");
            thread.setDaemon(true);
            return thread;
        });
        this.work = work;
        for (int i = 0; i <= count; i++) {
            submit();
        }
    }

    private void submit() {
        if (work.hasNext()) {
            pending.add(threads.submit(work.next()));
        }
    }

    /** The next element; there must be one. Throws what its making threw. */
    T next() throws InterruptedException {
        Future<T> first = pending.remove();
        submit();
        try {
            return first.get();
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
        threads.shutdown();
    }
}
