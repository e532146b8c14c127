package org.sftn.train.exchange;

/**
 * Sums of one array over the ranks. Every rank calls {@link #reduce} and {@link #gather} in turn, the same number of times;
 * neither returns before the peers have given what it needs. Both throw {@link PeerException} when a peer does not.
 */
public interface Exchange {
    /** What this rank owns of the array. */
    Slice slice();

    /**
     * From this call to the return of {@link #gather} the shared array's other slices may change at any moment. From {@link
     * #gather} to the return of the next call of this method the own slice must stay as it is.
     *
     * @param values as long as the shared array, not the shared array itself; must stay as they are until {@link #gather} returns
     * @return this rank's slice of the sum over the ranks, added in rank order in fp32; valid until the next call, and not to be
     *     changed: of a single rank it may be the values themselves
     */
    float[] reduce(float[] values);

    /** Gives this rank's slice of the shared array to the peers and fills the others with theirs. */
    void gather();
}
