package org.sftn.train.exchange;

/**
 * One of the ranks.
 *
 * @param rank from 0
 * @param ranks at least 1
 */
public record Member(int rank, int ranks) {
    public Member {
        if (rank < 0 || rank >= ranks) {
            throw new IllegalArgumentException("there is no rank " + rank + " of " + ranks);
        }
    }

    public Slice slice(int size) {
        return Slice.of(size, rank, ranks);
    }
}
