package org.sftn.train;

import java.util.Locale;
import org.sftn.conf.Cause;

/** Attempt after attempt has failed without progress; the cause is the last failure. */
public final class TrainingFailedException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    TrainingFailedException(int attempts, Throwable cause) {
        super(
                "training failed " + attempts + (attempts == 1 ? " time" : " times")
                        + " without progress (training.attempts); the last time: " + Cause.of(cause),
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
}
