package org.sftn.job.run;

import java.io.IOException;

/** What runs was told to end, by a signal or by Spark. */
public final class StoppedException extends IOException {
    private static final long serialVersionUID = 1L;

    public StoppedException(String message, Throwable cause) {
        super(message, cause);
    }
}
