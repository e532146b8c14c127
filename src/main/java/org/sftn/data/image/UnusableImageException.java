package org.sftn.data.image;

/** An image that cannot be used; the message is the reason, as it stands in rejected.csv. */
public final class UnusableImageException extends Exception {
    private static final long serialVersionUID = 1L;

    public UnusableImageException(String reason) {
        super(reason);
    }

    public UnusableImageException(String reason, Throwable cause) {
        super(reason, cause);
    }
}
