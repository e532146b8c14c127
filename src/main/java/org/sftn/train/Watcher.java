package org.sftn.train;

import java.time.Duration;
import org.apache.spark.TaskContext;
import org.sftn.conf.DaemonThreads;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Ends a task that Spark has given up: Spark only marks it, and a task that waits for a dead peer would keep its executor for
 * ever.
 */
final class Watcher implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Watcher.class);
    private static final Duration POLL = Duration.ofMillis(100);

    private final TaskContext task;
    private final AutoCloseable waitedFor;
    private final Thread worker = Thread.currentThread();
    private boolean done;

    private Watcher(TaskContext task, AutoCloseable waitedFor) {
        this.task = task;
        this.waitedFor = waitedFor;
    }

    /** @param waitedFor is closed, and the calling thread interrupted, when the task is to end */
    static Watcher start(TaskContext task, AutoCloseable waitedFor) {
        Watcher watcher = new Watcher(task, waitedFor);
        new DaemonThreads("training-watcher").newThread(watcher::watch).start();
        return watcher;
    }

    private void watch() {
        try {
            while (!isDone()) {
                if (task.isInterrupted()) {
                    interrupt();
                    return;
                }
                Thread.sleep(POLL.toMillis());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (Exception e) {
            LOG.warn("The exchange of a task that was given up cannot be closed", e);
        }
    }

    private synchronized boolean isDone() {
        return done;
    }

    private void interrupt() throws Exception {
        synchronized (this) {
            if (done) {
                return;
            }
            worker.interrupt();
        }
        waitedFor.close();
    }

    @Override
    public synchronized void close() {
        done = true;
    }
}
