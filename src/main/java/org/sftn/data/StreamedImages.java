package org.sftn.data;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.apache.hadoop.conf.Configuration;
import org.jspecify.annotations.Nullable;
import org.sftn.conf.DaemonThreads;
import org.sftn.data.order.RandomStream;
import org.sftn.data.order.Sampler;

/**
 * Images that are read from their shards in every epoch anew. An epoch's order: this rank's ranges of shards in random order, cut
 * into windows of {@code shuffleBuffer} images, each window in random order. One window is drained while the next is read, so
 * memory does not grow with the data set. The order can be entered at any batch without reading what comes before its window's
 * shard.
 */
final class StreamedImages implements RankImages {
    private final List<ShardRange> ranges;
    private final int shuffleBuffer;
    private final Configuration hadoop;
    private final int size;
    private final ExecutorService reader;
    /** What was opened last; null before. */
    private volatile ShardRange.@Nullable Images open;

    /** @param ranges by index, at least one */
    StreamedImages(List<ShardRange> ranges, int shuffleBuffer, Configuration hadoop) {
        this.ranges = List.copyOf(ranges);
        this.shuffleBuffer = shuffleBuffer;
        this.hadoop = hadoop;
        this.size = this.ranges.stream().mapToInt(ShardRange::images).sum();
        this.reader = Executors.newSingleThreadExecutor(new DaemonThreads("shard-reader"));
    }

    @Override
    public int size() {
        return size;
    }

    @Override
    public long[] indices() {
        return ranges.stream()
                .flatMapToLong(range -> LongStream.range(range.first(), range.first() + range.images()))
                .toArray();
    }

    @Override
    public int[] labels() {
        return ranges.stream()
                .flatMapToInt(range -> IntStream.of(range.labels(hadoop)))
                .toArray();
    }

    @Override
    public Iterator<List<Sample>> batches(Sampler sampler, int epoch, int firstBatch) {
        long start = IntStream.range(0, firstBatch)
                .mapToLong(batch -> sampler.localSize(batch))
                .sum();
        int[] order =
                RandomStream.of("shards", sampler.seed(), epoch, sampler.rank()).permutation(ranges.size());
        List<ShardRange> ordered = IntStream.of(order).mapToObj(ranges::get).toList();
        Windows windows = new Windows(ordered, (int) (start / shuffleBuffer), sampler, epoch);
        windows.skip((int) (start % shuffleBuffer));
        return IntStream.range(firstBatch, sampler.batches())
                .mapToObj(batch -> windows.take(sampler.localSize(batch)))
                .iterator();
    }

    @Override
    public Iterator<Sample> inOrder() {
        return new Sequence(ranges, 0);
    }

    /** A random order of each window of an epoch. */
    private final class Windows {
        private final Sequence sequence;
        private final Sampler sampler;
        private final int epoch;
        private int number;
        private Future<Sample[]> next;
        private Sample[] window = {};
        private int taken;

        Windows(List<ShardRange> ordered, int first, Sampler sampler, int epoch) {
            this.sequence = new Sequence(ordered, (long) first * shuffleBuffer);
            this.sampler = sampler;
            this.epoch = epoch;
            this.number = first;
            this.next = reader.submit(this::read);
        }

        private Sample[] read() {
            List<Sample> samples = new ArrayList<>();
            while (samples.size() < shuffleBuffer && sequence.hasNext()) {
                samples.add(sequence.next());
            }
            int[] order = RandomStream.of("window", sampler.seed(), epoch, sampler.rank(), number)
                    .permutation(samples.size());
            number++;
            return IntStream.of(order).mapToObj(samples::get).toArray(Sample[]::new);
        }

        List<Sample> take(int count) {
            Sample[] samples = new Sample[count];
            for (int i = 0; i < count; i++) {
                samples[i] = take();
            }
            return Arrays.asList(samples);
        }

        private Sample take() {
            if (taken == window.length) {
                window = await(next);
                taken = 0;
                next = reader.submit(this::read);
            }
            Sample sample = window[taken];
            // It is in use no longer than its batch.
            window[taken] = null;
            taken++;
            return sample;
        }

        void skip(int count) {
            for (int i = 0; i < count; i++) {
                take();
            }
        }
    }

    private static Sample[] await(Future<Sample[]> window) {
        try {
            return window.get();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while images were read", e);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof RuntimeException cause) {
                throw cause;
            }
            throw new IllegalStateException(e.getCause());
        }
    }

    /** Ranges one after another. */
    private final class Sequence implements Iterator<Sample> {
        private final Iterator<ShardRange> left;
        /** Null between two. */
        private ShardRange.@Nullable Images current;

        /** @param skipped images to begin after */
        Sequence(List<ShardRange> ordered, long skipped) {
            List<ShardRange> from = new ArrayList<>();
            long before = skipped;
            for (ShardRange range : ordered) {
                if (before < range.images()) {
                    from.add(before == 0 ? range : range.without((int) before));
                }
                before = Math.max(0, before - range.images());
            }
            this.left = from.iterator();
        }

        @Override
        public boolean hasNext() {
            return current != null && current.hasNext() || left.hasNext();
        }

        @Override
        public Sample next() {
            if (!hasNext()) {
                throw new NoSuchElementException();
            }
            ShardRange.Images images = current;
            if (images == null) {
                images = left.next().read(hadoop);
                current = images;
                open = images;
            }
            Sample sample = images.next();
            if (!images.hasNext()) {
                try {
                    images.close();
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
                current = null;
            }
            return sample;
        }
    }

    @Override
    public void close() throws IOException {
        reader.shutdown();
        // What was abandoned in the middle of a shard.
        ShardRange.Images last = open;
        if (last != null) {
            last.close();
        }
    }
}
