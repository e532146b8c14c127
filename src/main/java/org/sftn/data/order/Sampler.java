package org.sftn.data.order;

import java.util.Locale;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.sftn.data.SampleStore;

/**
 * Which images form each global batch, seen from one rank. Image {@code i} belongs to lane {@code i % globalBatch}; batch
 * {@code b} of an epoch takes the {@code b}-th image of each lane in the lane's own order for that epoch; a rank owns the lanes
 * {@code l} with {@code l % ranks == rank}. So a global batch has the same images whatever the number of ranks, every epoch sees
 * every image once, and a rank needs only the images with {@code index % ranks == rank}. The last batch holds the images that
 * are left, at most one a lane.
 *
 * <p>A rank for which that were one image takes its last two batches in halves: batch-norm on maps of 1x1 cannot train on one. Only
 * then do these two depend on the number of ranks.
 * Where a batch has fewer than three images of a rank, or an epoch only one batch, there is nothing to halve.
 */
public final class Sampler {
    private static final int SMALLEST_HALVED = 4;

    private final long total;
    private final int globalBatch;
    private final int rank;
    private final int ranks;
    private final long seed;
    private volatile @Nullable Epoch current;

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
        return IntStream.range(0, ranks).map(each -> localSize(batch, each)).sum();
    }

    /** The number of this rank's images of a batch; it does not depend on which they are. */
    public int localSize(int batch) {
        return localSize(batch, rank);
    }

    private int localSize(int batch, int of) {
        if (batch < 0 || batch >= batches()) {
            throw new IllegalArgumentException("there is no batch " + batch + ": an epoch has " + batches());
        }
        int last = batches() - 1;
        int both = globalBatch / ranks + 1;
        boolean halved = last > 0 && batch >= last - 1 && dealt(last, of) == 1 && both >= SMALLEST_HALVED;
        if (halved) {
            return batch == last ? both / 2 : both - both / 2;
        }
        return dealt(batch, of);
    }

    /** Images of a batch in the lanes of a rank. */
    private int dealt(int batch, int of) {
        long images = Math.min(globalBatch, total - (long) batch * globalBatch);
        return (int) ((images - of + ranks - 1) / ranks);
    }

    /**
     * The fewest images that a rank is given for a batch, other than none at all.
     *
     * @param total as for {@link #Sampler}, like the others
     */
    public static int smallest(long total, int globalBatch, int ranks) {
        Sampler sampler = new Sampler(total, globalBatch, 0, ranks, 0);
        int last = sampler.batches() - 1;
        return IntStream.range(0, ranks)
                .flatMap(rank ->
                        IntStream.rangeClosed(Math.max(0, last - 1), last).map(batch -> sampler.localSize(batch, rank)))
                .filter(images -> images > 0)
                .min()
                .orElseThrow();
    }

    public int rank() {
        return rank;
    }

    public long seed() {
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
        int localLanes = globalBatch / ranks;
        int[] positions = new int[localSize(batch)];
        // All batches before the last one but one are as large as there are lanes.
        int first = batch == batches() - 1 ? localTotal() - positions.length : batch * localLanes;
        for (int i = 0; i < positions.length; i++) {
            int lane = (first + i) % localLanes;
            positions[i] = lanes[lane][(first + i) / localLanes] * localLanes + lane;
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
        // Lanes without an image are left out: a batch may be larger than the data set, by any number.
        int[][] lanes = new int[Math.min(globalBatch / ranks, localTotal())][];
        for (int i = 0; i < lanes.length; i++) {
            int lane = i * ranks + rank;
            int images = Math.toIntExact((total - lane - 1) / globalBatch + 1);
            lanes[i] = RandomStream.of("sampler", seed, epoch, lane).permutation(images);
        }
        return lanes;
    }
}
