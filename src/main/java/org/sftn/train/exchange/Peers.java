package org.sftn.train.exchange;

/**
 * The ranks of one attempt, seen from one of them: first all exchanges are made, in the same order on every rank, then
 * {@link #join}, the exchanges' work, {@link #leave}. Not thread-safe but for {@link #close}.
 */
public interface Peers extends AutoCloseable {
    /**
     * An exchange for an array.
     *
     * @param shared of the same length on every rank; {@link Exchange#gather} writes to it
     */
    Exchange exchange(float[] shared);

    /** Waits until every rank is here. */
    void join();

    /** Waits until no peer needs anything more from this rank. */
    void leave();

    /** Ends everything at once, from any thread; who waits in an exchange gets a {@link PeerException}. */
    @Override
    void close();
}
