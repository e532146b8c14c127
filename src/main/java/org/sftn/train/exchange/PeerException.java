package org.sftn.train.exchange;

/** A peer has gone, says nothing, or says what it must not; the attempt is lost, the run is not. */
public final class PeerException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public PeerException(String message) {
        super(message);
    }

    public PeerException(String message, Throwable cause) {
        super(message, cause);
    }
}
