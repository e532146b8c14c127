package org.sftn.train;

/** The cluster has fewer executors than a run needs, at its start or after some were lost; that may pass. */
final class MissingExecutorsException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    MissingExecutorsException(String message) {
        super(message);
    }
}
