package org.sftn.data;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.SparkEnv;
import org.apache.spark.util.Utils;
import org.jspecify.annotations.Nullable;
import org.sftn.data.order.Sampler;

/** The images of a split that one rank holds. One iterator at a time; it belongs to one thread, which may be another than the owner's. */
public interface RankImages extends AutoCloseable {
    /**
     * How images are held.
     *
     * @param memoryBytes how much of stored pixels stays in memory; more goes to a file in Spark's local folder
     * @param shuffleBuffer images of a stream among which the order is random; two times so many are in memory
     */
    record Holding(long memoryBytes, int shuffleBuffer) {}

    /**
     * On an executor.
     *
     * @param data of this rank: samples, which are kept, or ranges of shards, which are read whenever they are wanted
     * @throws IllegalArgumentException when the indices of samples are not evenly spaced, as those of one rank are
     */
    static RankImages open(Iterator<RankData> data, Holding holding, Configuration hadoop) throws IOException {
        Path spillFolder = Path.of(Utils.getLocalDir(SparkEnv.get().conf()));
        if (!data.hasNext()) {
            return new StoredImages(SampleStore.load(List.<Sample>of().iterator(), 0, spillFolder));
        }
        RankData first = data.next();
        if (first instanceof Sample sample) {
            return new StoredImages(SampleStore.load(samples(sample, data), holding.memoryBytes(), spillFolder));
        }
        List<ShardRange> ranges = new ArrayList<>();
        ranges.add((ShardRange) first);
        data.forEachRemaining(each -> ranges.add((ShardRange) each));
        return new StreamedImages(ranges, holding.shuffleBuffer(), hadoop);
    }

    private static Iterator<Sample> samples(Sample first, Iterator<RankData> others) {
        return new Iterator<>() {
            private @Nullable Sample next = first;

            @Override
            public boolean hasNext() {
                return next != null || others.hasNext();
            }

            @Override
            public Sample next() {
                Sample sample = next == null ? (Sample) others.next() : next;
                next = null;
                return sample;
            }
        };
    }

    int size();

    /** Of the images in the split, ascending. */
    long[] indices();

    /** Of the images, in the order of {@link #indices}; 0 for damaged ones. */
    int[] labels();

    /**
     * This rank's part of each batch of an epoch; parts of the last batch may be empty. The same for the same sampler and epoch,
     * wherever it begins. Damaged images have their place.
     *
     * @param sampler of this rank
     * @param epoch from 0
     * @param firstBatch to begin with
     */
    Iterator<List<Sample>> batches(Sampler sampler, int epoch, int firstBatch);

    /** How many batches of a size all images make; the last one may be smaller. */
    default int batchesOf(int batch) {
        return (size() + batch - 1) / batch;
    }

    /** All images, by index. */
    Iterator<Sample> inOrder();

    @Override
    void close() throws IOException;
}
