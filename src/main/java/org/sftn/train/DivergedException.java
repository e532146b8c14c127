package org.sftn.train;

/** What training computes became infinite or not a number; no further attempt can help. */
public final class DivergedException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** @param what became so, when, and what may help */
    DivergedException(String what) {
        super(what);
    }
}
