package org.sftn.job;

import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.sftn.job.run.StoppedException;

/** Says on ctrl-C or SIGTERM where the run can be continued from; also when Spark ends the process by itself. */
final class Interruption implements AutoCloseable {
    /** The JVM's own name of a thread that lives while the hooks run. */
    private static final Pattern SIGNAL_HANDLER = Pattern.compile("SIG[A-Z]+ handler");

    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private final Traces traces;
    private final AtomicReference<String> advice = new AtomicReference<>("nothing was lost");
    private final AtomicReference<String> reason = new AtomicReference<>();
    private final CountDownLatch closed = new CountDownLatch(1);
    private final Thread hook = new Thread(this::report, "interruption");

    private Interruption(Traces traces) {
        this.traces = traces;
    }

    /** @param traces are silent from then on: the end of Spark makes whatever runs fail */
    static Interruption watch(Traces traces) {
        Interruption interruption = new Interruption(traces);
        Runtime.getRuntime().addShutdownHook(interruption.hook);
        return interruption;
    }

    /** @param text what a user should know when the job is stopped from now on */
    void advise(String text) {
        advice.set(text);
    }

    boolean happened() {
        return reason.get() != null;
    }

    /** What fails after the interruption has failed because of it. */
    <T> T during(Callable<T> work) throws Exception {
        try {
            return work.call();
        } catch (Exception e) {
            if (happened()) {
                throw failure(e);
            }
            throw e;
        }
    }

    /** What fails afterwards has failed because of this. */
    StoppedException failure(@Nullable Throwable cause) {
        return new StoppedException(Objects.requireNonNull(reason.get()), cause);
    }

    // Not through the log: it may be closed by now.
    private void report() {
        boolean signal = Thread.getAllStackTraces().keySet().stream()
                .anyMatch(thread -> SIGNAL_HANDLER.matcher(thread.getName()).matches());
        reason.set(signal ? "stopped by a signal" : "ended by Spark");
        System.err.println(reason.get() + ": " + advice.get());
        traces.silence();
        if (!signal) {
            // The thread that would have to go on may be the one that ends the process.
            return;
        }
        try {
            // Whatever runs fails now that Spark ends; it says so in its folder, and gives back its lock.
            closed.await(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void close() {
        closed.countDown();
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException e) {
            // The hook is running.
        }
    }
}
