package org.sftn.conf;

/**
 * A mistake that the user can mend: the message says what cannot be done, why, and the value, but no password of a URL; no stack
 * trace is shown.
 */
public final class UserException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public UserException(String message) {
        super(Redaction.of(message));
    }

    public UserException(String message, Throwable cause) {
        super(Redaction.of(message), cause);
    }
}
