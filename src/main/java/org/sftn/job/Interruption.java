package org.sftn.job;

import java.util.Arrays;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.spark.util.SparkUncaughtExceptionHandler;

/** Says on ctrl-C or SIGTERM, or when Spark ends the process, where the run can be continued from. */
final class Interruption implements AutoCloseable {
    private final AtomicReference<String> advice = new AtomicReference<>("nothing was lost");
    private final AtomicBoolean happened = new AtomicBoolean();
    private final Thread hook = new Thread(this::report, "interruption");

    private Interruption() {}

    static Interruption watch() {
        Interruption interruption = new Interruption();
        Runtime.getRuntime().addShutdownHook(interruption.hook);
        return interruption;
    }

    /** @param text what a user should know when the job is stopped from now on */
    void advise(String text) {
        advice.set(text);
    }

    boolean happened() {
        return happened.get();
    }

    // Not through the log: it may be closed by now.
    private void report() {
        happened.set(true);
        System.err.println((isEndedBySpark() ? "ended by Spark after the error in the log: " : "stopped by a signal: ")
                + advice.get());
    }

    /** Its handler of errors that nobody has caught ends the process, and waits for the hooks. */
    private static boolean isEndedBySpark() {
        return Thread.getAllStackTraces().values().stream()
                .flatMap(Arrays::stream)
                .anyMatch(frame -> frame.getClassName().equals(SparkUncaughtExceptionHandler.class.getName()));
    }

    @Override
    public void close() {
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException e) {
            // The hook is running.
        }
    }
}
