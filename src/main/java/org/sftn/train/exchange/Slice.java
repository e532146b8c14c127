package org.sftn.train.exchange;

/**
 * The part of an array that one rank owns. The first {@code size % ranks} ranks own one value more; a slice may be empty.
 *
 * @param offset of the first value, from 0
 */
public record Slice(int offset, int length) {
    public static Slice of(int size, int rank, int ranks) {
        int share = size / ranks;
        int extra = size % ranks;
        return new Slice(rank * share + Math.min(rank, extra), share + (rank < extra ? 1 : 0));
    }
}
