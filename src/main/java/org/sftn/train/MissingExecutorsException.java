package org.sftn.train;

/** Of the executors that a run had, some are lost and were not replaced in time; that may pass. */
final class MissingExecutorsException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    MissingExecutorsException(String message) {
        super(message);
    }
}
