package org.sftn.train;

import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import org.sftn.data.BatchFeed;
import org.sftn.data.BatchLoader;
import org.sftn.data.RankImages;
import org.sftn.data.Sample;
import org.sftn.data.order.Sampler;
import org.sftn.train.exchange.Slice;

/** A rank's batches. */
final class Batches {
    private final Sampler sampler;
    private final RankImages train;
    private final RankImages test;
    private final BatchLoader loader;
    private final int size;
    private final int parts;
    private final int threads;

    /**
     * @param size the largest of what is computed at once
     * @param parts of this rank's share in an iteration's batch
     * @param threads that turn samples into batches, at least 1
     */
    Batches(Sampler sampler, RankImages train, RankImages test, BatchLoader loader, int size, int parts, int threads) {
        this.sampler = sampler;
        this.train = train;
        this.test = test;
        this.loader = loader;
        this.size = size;
        this.parts = parts;
        this.threads = threads;
    }

    int perEpoch() {
        return sampler.batches();
    }

    /** Images of an iteration's batch over all ranks. */
    int globalSize(long iteration) {
        return sampler.globalSize((int) (iteration % perEpoch()));
    }

    /** The parts of this rank's share in each iteration's batch, as many for each; some may be empty. */
    BatchFeed training(long firstIteration, long endIteration) {
        return new BatchFeed(new TrainingWork(firstIteration, endIteration), threads);
    }

    private final class TrainingWork implements Iterator<BatchFeed.BatchMaker> {
        private final long end;
        private long iteration;
        private Iterator<List<Sample>> epoch = Collections.emptyIterator();
        private List<Sample> share = List.of();
        /** Of the share, that comes next. */
        private int part;

        TrainingWork(long first, long end) {
            this.iteration = first;
            this.end = end;
        }

        @Override
        public boolean hasNext() {
            return part > 0 || iteration < end;
        }

        @Override
        public BatchFeed.BatchMaker next() {
            if (!hasNext()) {
                throw new NoSuchElementException();
            }
            if (part == 0) {
                if (!epoch.hasNext()) {
                    epoch = train.batches(sampler, number(iteration), (int) (iteration % perEpoch()));
                }
                share = epoch.next();
                iteration++;
            }
            int number = number(iteration - 1);
            List<Sample> samples = part(share, part);
            part = (part + 1) % parts;
            return workers -> loader.training(number, samples, workers);
        }

        private int number(long of) {
            return (int) (of / perEpoch());
        }

        /** As few parts as there can be, of nearly one size. */
        private List<Sample> part(List<Sample> whole, int number) {
            int filled = (whole.size() + size - 1) / size;
            if (number >= filled) {
                return List.of();
            }
            Slice slice = Slice.of(whole.size(), number, filled);
            return whole.subList(slice.offset(), slice.offset() + slice.length());
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
