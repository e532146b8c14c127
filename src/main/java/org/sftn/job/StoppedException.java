package org.sftn.job;

import java.io.IOException;

/** What runs was told to end, by a signal or by Spark. */
final class StoppedException extends IOException {
    private static final long serialVersionUID = 1L;

    StoppedException(String message, Throwable cause) {
        super(message, cause);
    }
}
