package org.sftn.train;

import java.util.Locale;

/** Attempt after attempt has failed without progress; the cause is the last failure. */
public final class TrainingFailedException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    TrainingFailedException(int attempts, Throwable cause) {
        super(
                "training failed " + attempts + (attempts == 1 ? " time" : " times")
                        + " without progress (training.attempts); the last time: " + firstLine(cause),
                cause);
    }

    private TrainingFailedException(String message, Throwable cause) {
        super(message, cause);
    }

    /** None could begin: so many times in a row executors were missing. */
    static TrainingFailedException withoutExecutors(int times, MissingExecutorsException cause) {
        return new TrainingFailedException(
                String.format(
                        Locale.ROOT,
                        "%s; they were waited for %d times (training.attempts)",
                        cause.getMessage(),
                        times),
                cause);
    }

    // Messages of ranks and of Spark hold whole stack traces.
    private static String firstLine(Throwable cause) {
        String text = cause.getMessage() == null ? cause.toString() : cause.getMessage();
        return text.lines().findFirst().orElse("");
    }
}
