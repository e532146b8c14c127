package org.sftn.train;

import java.util.Locale;

/** The loss became infinite or not a number; no further attempt can help. */
public final class DivergedException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final long iteration;
    private final int epoch;

    DivergedException(long iteration, int epoch, double loss) {
        super(String.format(
                Locale.ROOT,
                "the loss became %s at iteration %d in epoch %d; the run stops before that update: a lower learning rate or a longer warm-up may help",
                loss,
                iteration + 1,
                epoch + 1));
        this.iteration = iteration;
        this.epoch = epoch;
    }

    /** From 0. */
    public long iteration() {
        return iteration;
    }

    /** From 0. */
    public int epoch() {
        return epoch;
    }
}
