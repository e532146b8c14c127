package org.sftn.job;

/** Spark's master does not answer; that may pass. */
final class UnreachableMasterException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    UnreachableMasterException(String message, Throwable cause) {
        super(message, cause);
    }
}
