package org.sftn.data;

import java.util.Locale;

/**
 * Which images form each global batch, seen from one rank. Image {@code i} belongs to lane {@code i % globalBatch}; batch
 * {@code b} of an epoch takes the {@code b}-th image of each lane in the lane's own order for that epoch; a rank owns the lanes
 * {@code l} with {@code l % ranks == rank}. So a global batch has the same images whatever the number of ranks, every epoch sees
 * every image once, and a rank needs only the images with {@code index % ranks == rank}. The last batch holds the images that
 * are left, at most one a lane.
 */
public final class Sampler {
    private final long total;
    private final int globalBatch;
    private final int rank;
    private final int ranks;
    private final long seed;
    private volatile Epoch current;

    /** An epoch's order: for each of this rank's lanes the places of its images, from 0. */
    private record Epoch(int number, int[][] lanes) {}

    /**
     * @param total images over all ranks, at least 1
     * @param globalBatch images a batch over all ranks, a multiple of ranks
     * @param rank 0 to ranks - 1
     */
    public Sampler(long total, int globalBatch, int rank, int ranks, long seed) {
        if (total < 1 || ranks < 1 || rank < 0 || rank >= ranks || globalBatch < 1 || globalBatch % ranks != 0) {
            throw new IllegalArgumentException(String.format(
                    Locale.ROOT,
                    "%d images in batches of %d cannot be sampled by rank %d of %d",
                    total,
                    globalBatch,
                    rank,
                    ranks));
        }
        this.total = total;
        this.globalBatch = globalBatch;
        this.rank = rank;
        this.ranks = ranks;
        this.seed = seed;
    }

    /** Batches an epoch. */
    public int batches() {
        return Math.toIntExact((total + globalBatch - 1) / globalBatch);
    }

    /**
     * The number of images of a batch over all ranks.
     *
     * @param batch 0 to batches - 1
     */
    public int globalSize(int batch) {
        if (batch < 0 || batch >= batches()) {
            throw new IllegalArgumentException("there is no batch " + batch + ": an epoch has " + batches());
        }
        return (int) Math.min(globalBatch, total - (long) batch * globalBatch);
    }

    /** The number of this rank's images of a batch; it does not depend on which they are. */
    int localSize(int batch) {
        return (globalSize(batch) - rank + ranks - 1) / ranks;
    }

    int rank() {
        return rank;
    }

    long seed() {
        return seed;
    }

    /** The number of images that this rank holds, and sees in an epoch. */
    public int localTotal() {
        return Math.toIntExact((total - rank + ranks - 1) / ranks);
    }

    /**
     * This rank's part of a batch, as positions in its {@link SampleStore}: image {@code position * ranks + rank}. May be empty
     * in the last batch.
     *
     * @param epoch from 0; calls should not alternate between epochs, since the order of one is kept
     * @param batch 0 to batches - 1
     */
    public int[] positions(int epoch, int batch) {
        int[][] lanes = lanes(epoch);
        int localSize = localSize(batch);
        int localLanes = globalBatch / ranks;
        int[] positions = new int[localSize];
        for (int lane = 0; lane < localSize; lane++) {
            positions[lane] = lanes[lane][batch] * localLanes + lane;
        }
        return positions;
    }

    private int[][] lanes(int epoch) {
        Epoch kept = current;
        if (kept == null || kept.number() != epoch) {
            kept = new Epoch(epoch, order(epoch));
            current = kept;
        }
        return kept.lanes();
    }

    private int[][] order(int epoch) {
        int[][] lanes = new int[globalBatch / ranks][];
        for (int i = 0; i < lanes.length; i++) {
            int lane = i * ranks + rank;
            int images = lane < total ? Math.toIntExact((total - lane - 1) / globalBatch + 1) : 0;
            lanes[i] = RandomStream.of("sampler", seed, epoch, lane).permutation(images);
        }
        return lanes;
    }
}
