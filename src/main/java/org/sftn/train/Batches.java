package org.sftn.train;

import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.sftn.data.Batch;
import org.sftn.data.BatchLoader;
import org.sftn.data.SampleStore;
import org.sftn.data.Sampler;

/** A rank's batches. */
final class Batches {
    private final Sampler sampler;
    private final BatchLoader training;
    private final BatchLoader test;
    private final int testImages;
    private final int size;
    private final int threads;

    /**
     * @param size the largest of a batch
     * @param threads that make batches ahead, at least 1
     */
    Batches(Sampler sampler, BatchLoader training, BatchLoader test, SampleStore testSamples, int size, int threads) {
        this.sampler = sampler;
        this.training = training;
        this.test = test;
        this.testImages = testSamples.size();
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
    Prefetch<Optional<Batch>> training(long firstIteration, long endIteration) {
        return new Prefetch<>(
                LongStream.range(firstIteration, endIteration)
                        .mapToObj(i -> (Callable<Optional<Batch>>) () -> trainingBatch(i))
                        .iterator(),
                threads);
    }

    private Optional<Batch> trainingBatch(long iteration) {
        int epoch = (int) (iteration / perEpoch());
        int[] positions = sampler.positions(epoch, (int) (iteration % perEpoch()));
        return positions.length == 0 ? Optional.empty() : Optional.of(training.training(epoch, positions));
    }

    int testBatches() {
        return (testImages + size - 1) / size;
    }

    /** This rank's part of the test split. */
    Prefetch<Batch> test() {
        return new Prefetch<>(
                IntStream.range(0, testBatches())
                        .mapToObj(i -> (Callable<Batch>) () -> testBatch(i))
                        .iterator(),
                threads);
    }

    private Batch testBatch(int batch) {
        return test.evaluation(IntStream.range(batch * size, Math.min(testImages, (batch + 1) * size))
                .toArray());
    }
}
