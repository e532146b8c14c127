package org.sftn.train;

/** Files of the run or of the data set could not be read or written; that may pass. */
final class StorageException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    StorageException(String message, Throwable cause) {
        super(message, cause);
    }
}
