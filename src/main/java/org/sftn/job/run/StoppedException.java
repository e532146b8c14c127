package org.sftn.job.run;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** What runs was told to end, by a signal or by Spark. */
public final class StoppedException extends IOException {
    private static final long serialVersionUID = 1L;

    public StoppedException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
