package org.sftn.train.exchange;

import java.util.Arrays;
import java.util.function.LongSupplier;

/**
 * Whether gradients are sent as they become final, or all at the end of the backward pass. The first hides the exchange behind the pass.
 * But where the engine has all cores, it is held up by the threads that send and receive, and a fast link leaves little to hide. So now
 * and then some rounds are timed both ways, in turns, and the faster one is kept. Sums do not depend on it.
 */
final class Pace {
    /** Rounds after which it has chosen for the first time. */
    static final int SETTLED = 16;

    private static final int WARM_UP = 4;
    private static final int PERIOD = 256;

    private final LongSupplier nanos;
    private final long[] early = new long[(SETTLED - WARM_UP) / 2];
    private final long[] late = new long[early.length];
    private boolean chosen = true;
    private int round;
    private long start;

    /** @param nanos a clock */
    Pace(LongSupplier nanos) {
        this.nanos = nanos;
    }

    void begin() {
        start = nanos.getAsLong();
    }

    /** Of the round that has begun. */
    boolean isEarly() {
        return isTrial() ? trial() % 2 == 0 : chosen;
    }

    void end() {
        if (isTrial()) {
            (isEarly() ? early : late)[trial() / 2] = nanos.getAsLong() - start;
        }
        round = (round + 1) % PERIOD;
        if (round == SETTLED) {
            chosen = median(early) <= median(late);
        }
    }

    private boolean isTrial() {
        return round >= WARM_UP && round < SETTLED;
    }

    private int trial() {
        return round - WARM_UP;
    }

    private static long median(long[] times) {
        long[] sorted = times.clone();
        Arrays.sort(sorted);
        return sorted[sorted.length / 2];
    }
}
