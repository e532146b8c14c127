package org.sftn.data;

/** An image that cannot be used; the message is the reason, as it stands in rejected.csv. */
final class UnusableImageException extends Exception {
    private static final long serialVersionUID = 1L;

    UnusableImageException(String reason) {
        super(reason);
    }

    UnusableImageException(String reason, Throwable cause) {
        super(reason, cause);
    }
}
