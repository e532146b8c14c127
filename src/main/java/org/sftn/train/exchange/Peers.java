package org.sftn.train.exchange;

/**
 * The ranks of one attempt, seen from one of them: first all exchanges are made, in the same order on every rank, then
 * {@link #join}, the exchanges' work, {@link #leave}. Not thread-safe except for {@link #close}.
 */
public interface Peers extends AutoCloseable {
    /**
     * An exchange for two arrays, of one length on every rank.
     *
     * @param values to be summed
     * @param shared gets what the ranks make of the sums
     * @param format how they travel
     * @throws IllegalArgumentException when they differ in length or are the same
     */
    Exchange exchange(float[] values, float[] shared, Format format);

    /** Waits until every rank is here. */
    void join();

    /** Waits until no peer needs anything more from this rank. */
    void leave();

    /** Ends everything at once, from any thread; who waits in an exchange gets a {@link PeerException}. */
    @Override
    void close();
}
