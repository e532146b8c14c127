package org.sftn.train.exchange;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** Counts what each peer has sent of what is expected, and lets one thread wait for it. Thread-safe. */
final class Arrivals {
    private final long timeoutNanos;
    private final String[] gone;
    /** Why this rank has ended; null while it has not. */
    private @Nullable String closed;

    Arrivals(int ranks, Duration timeout) {
        this.timeoutNanos = timeout.toNanos();
        this.gone = new String[ranks];
    }

    /** A number of values that have arrived, guarded by the enclosing object. */
    final class Counter {
        private final int from;
        private long arrived;
        // To wake the waiting thread for every piece would cost more than the piece.
        private long awaited = Long.MAX_VALUE;

        private Counter(int from) {
            this.from = from;
        }

        long arrived() {
            synchronized (Arrivals.this) {
                return arrived;
            }
        }

        void add(int values) {
            synchronized (Arrivals.this) {
                arrived += values;
                if (arrived >= awaited) {
                    Arrivals.this.notifyAll();
                }
            }
        }

        /** Waits until so many values have come in all. */
        void await(long expected) {
            synchronized (Arrivals.this) {
                awaitOrGone(expected);
                if (arrived < expected) {
                    check(from);
                }
            }
        }

        /** Waits until so many values have come in all, or no more will come. */
        void awaitOrGone(long expected) {
            synchronized (Arrivals.this) {
                long seen = arrived;
                long deadline = System.nanoTime() + timeoutNanos;
                awaited = expected;
                try {
                    while (arrived < expected && gone[from] == null) {
                        checkOpen();
                        if (arrived > seen) {
                            seen = arrived;
                            deadline = System.nanoTime() + timeoutNanos;
                        }
                        pause(deadline - System.nanoTime(), from);
                    }
                } finally {
                    awaited = Long.MAX_VALUE;
                }
            }
        }
    }

    Counter counter(int from) {
        return new Counter(from);
    }

    /** A peer will send nothing more. */
    synchronized void gone(int rank, String why) {
        if (gone[rank] == null) {
            gone[rank] = why;
        }
        notifyAll();
    }

    synchronized void close(String why) {
        if (closed == null) {
            closed = why;
        }
        notifyAll();
    }

    /** @throws PeerException when this rank or the peer has ended */
    synchronized void check(int rank) {
        checkOpen();
        if (gone[rank] != null) {
            throw new PeerException("rank " + rank + " is gone: " + gone[rank]);
        }
    }

    private void checkOpen() {
        if (closed != null) {
            throw new PeerException(closed);
        }
    }

    @SuppressWarnings("WaitNotInLoop") // the caller loops
    private void pause(long nanos, int rank) {
        if (nanos <= 0) {
            throw new PeerException("rank " + rank + " has said nothing for " + timeoutNanos / 1_000_000_000.0 + " s");
        }
        try {
            wait(nanos / 1_000_000 + 1);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new PeerException("interrupted while waiting for rank " + rank, e);
        }
    }
}
