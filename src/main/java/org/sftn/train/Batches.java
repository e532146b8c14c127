package org.sftn.train;

import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import org.sftn.data.BatchFeed;
import org.sftn.data.BatchLoader;
import org.sftn.data.RankImages;
import org.sftn.data.Sample;
import org.sftn.data.Sampler;

/** A rank's batches. */
final class Batches {
    private final Sampler sampler;
    private final RankImages train;
    private final RankImages test;
    private final BatchLoader loader;
    private final int size;
    private final int threads;

    /**
     * @param size the largest of a batch
     * @param threads that turn samples into batches, at least 1
     */
    Batches(Sampler sampler, RankImages train, RankImages test, BatchLoader loader, int size, int threads) {
        this.sampler = sampler;
        this.train = train;
        this.test = test;
        this.loader = loader;
        this.size = size;
        this.threads = threads;
    }

    int perEpoch() {
        return sampler.batches();
    }

    /** Images of an iteration's batch over all ranks. */
    int globalSize(long iteration) {
        return sampler.globalSize((int) (iteration % perEpoch()));
    }

    /** This rank's part of each iteration's batch, empty when it has none. */
    BatchFeed training(long firstIteration, long endIteration) {
        return new BatchFeed(new TrainingWork(firstIteration, endIteration), threads);
    }

    private final class TrainingWork implements Iterator<BatchFeed.Work> {
        private final long end;
        private long iteration;
        private Iterator<List<Sample>> epoch;

        TrainingWork(long first, long end) {
            this.iteration = first;
            this.end = end;
        }

        @Override
        public boolean hasNext() {
            return iteration < end;
        }

        @Override
        public BatchFeed.Work next() {
            if (!hasNext()) {
                throw new NoSuchElementException();
            }
            int number = (int) (iteration / perEpoch());
            if (epoch == null || !epoch.hasNext()) {
                epoch = train.batches(sampler, number, (int) (iteration % perEpoch()));
            }
            iteration++;
            List<Sample> samples = epoch.next();
            return workers -> loader.training(number, samples, workers);
        }
    }

    int testBatches() {
        return test.batchesOf(size);
    }

    /** This rank's part of the test split. */
    BatchFeed test() {
        return BatchFeed.evaluation(test, loader, size, threads);
    }
}
