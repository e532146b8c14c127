package org.sftn.job;

import org.jspecify.annotations.Nullable;

/** Spark's master does not answer; that may pass. */
final class UnreachableMasterException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    UnreachableMasterException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
