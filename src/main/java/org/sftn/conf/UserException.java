package org.sftn.conf;

/** A mistake that the user can mend: the message says what cannot be done, why, and the value; no stack trace is shown. */
public final class UserException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public UserException(String message) {
        super(message);
    }

    public UserException(String message, Throwable cause) {
        super(message, cause);
    }
}
