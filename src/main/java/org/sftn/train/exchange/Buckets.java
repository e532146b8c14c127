package org.sftn.train.exchange;

import java.util.ArrayList;
import java.util.List;

/**
 * How an array is cut: into buckets, and each of these into a slice a rank. Every value is in one slice of one rank.
 *
 * @param size of the array, at least 1
 * @param slice the most values of a rank in a bucket, at least 1
 */
public record Buckets(int size, int ranks, int slice) {
    /** One that holds everything. */
    public static Buckets one(int size, int ranks) {
        return new Buckets(size, ranks, size);
    }

    int count() {
        return Math.toIntExact((size + bucket() - 1) / bucket());
    }

    private long bucket() {
        return (long) ranks * slice;
    }

    /** Behind the last value of a bucket. */
    int end(int bucket) {
        return (int) Math.min(size, (bucket + 1) * bucket());
    }

    Slice slice(int bucket, int rank) {
        int from = (int) (bucket * bucket());
        Slice part = Slice.of(end(bucket) - from, rank, ranks);
        return new Slice(from + part.offset(), part.length());
    }

    /** Values of a rank in all buckets. */
    public int length(int rank) {
        return slices(rank).stream().mapToInt(Slice::length).sum();
    }

    /** A rank's slices, one a bucket, in order; some may be empty. */
    public List<Slice> slices(int rank) {
        List<Slice> slices = new ArrayList<>();
        for (int bucket = 0; bucket < count(); bucket++) {
            slices.add(slice(bucket, rank));
        }
        return slices;
    }
}
