package org.sftn.data;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import org.sftn.conf.DataSettings.Damaged;
import org.sftn.conf.PrepareSettings.Store;
import org.sftn.conf.UserException;
import org.sftn.data.image.Preprocessing;
import org.sftn.data.image.UnusableImageException;
import org.sftn.nn.Layout;
import org.sftn.nn.Shape;
import org.sftn.nn.Tensor;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Makes batches of samples. Any number of threads may call it. */
public final class BatchLoader {
    private static final Logger LOG = LoggerFactory.getLogger(BatchLoader.class);

    private final Preprocessing preprocessing;
    private final Layout layout;
    private final Damaged damaged;
    private final ImageViews views;

    /**
     * @param layout of the batches
     * @param seed with the epoch and an image's index it fixes how that image is augmented
     * @param damaged what to do with images that cannot be decoded
     */
    public BatchLoader(Preprocessing preprocessing, Layout layout, long seed, Damaged damaged) {
        this.preprocessing = preprocessing;
        this.layout = layout;
        this.damaged = damaged;
        this.views = new ImageViews(preprocessing, layout, seed);
    }

    /**
     * What became of some samples.
     *
     * @param batch of those that can be used, in their order; empty when there are none
     * @param skipped damaged ones
     */
    public record Loaded(Optional<Batch> batch, int skipped) {}

    /** Fills in one image. */
    private interface Filling {
        void fill(Sample sample, float[] values, int offset) throws UnusableImageException;
    }

    /**
     * Augmented images, the same for the same seed, epoch and index.
     *
     * @param epoch from 0
     * @param workers makes images side by side where they are files
     */
    public CompletableFuture<Loaded> training(int epoch, List<Sample> samples, Executor workers) {
        return load(samples, (sample, values, offset) -> views.training(sample, epoch, values, offset), workers);
    }

    /** Whole images, or of files the middle, normalized. */
    public CompletableFuture<Loaded> evaluation(List<Sample> samples, Executor workers) {
        return load(samples, views::evaluation, workers);
    }

    private CompletableFuture<Loaded> load(List<Sample> samples, Filling filling, Executor workers) {
        float[] values = new float[Math.multiplyExact(samples.size(), preprocessing.values())];
        boolean[] whole = new boolean[samples.size()];
        // An image file takes milliseconds, stored pixels a few microseconds.
        int share = preprocessing.store() == Store.FILES ? 1 : Math.max(1, samples.size());
        List<CompletableFuture<Void>> parts = new ArrayList<>();
        for (int from = 0; from < samples.size(); from += share) {
            int first = from;
            int end = Math.min(samples.size(), from + share);
            parts.add(CompletableFuture.runAsync(
                    () -> {
                        for (int i = first; i < end; i++) {
                            whole[i] = fill(samples.get(i), filling, values, i * preprocessing.values());
                        }
                    },
                    workers));
        }
        return CompletableFuture.allOf(parts.toArray(CompletableFuture[]::new))
                .thenApply(done -> loaded(samples, values, whole));
    }

    private boolean fill(Sample sample, Filling filling, float[] values, int offset) {
        if (sample.isDamaged()) {
            return false;
        }
        try {
            filling.fill(sample, values, offset);
            return true;
        } catch (UnusableImageException e) {
            String message = String.format(
                    Locale.ROOT,
                    "image %d of the data set, %s, cannot be decoded: %s",
                    sample.index(),
                    sample.name(),
                    e.getMessage());
            if (damaged == Damaged.FAIL) {
                throw new UserException(message, e);
            }
            LOG.warn("{}: skipped", message);
            return false;
        }
    }

    private Loaded loaded(List<Sample> samples, float[] values, boolean[] whole) {
        List<Sample> used = new ArrayList<>();
        int length = preprocessing.values();
        for (int i = 0; i < whole.length; i++) {
            if (whole[i]) {
                if (used.size() < i) {
                    System.arraycopy(values, i * length, values, used.size() * length, length);
                }
                used.add(samples.get(i));
            }
        }
        int skipped = samples.size() - used.size();
        if (used.isEmpty()) {
            return new Loaded(Optional.empty(), skipped);
        }
        int size = preprocessing.imageSize();
        Tensor images = new Tensor(
                Shape.of(used.size(), Preprocessing.CHANNELS, size, size),
                skipped == 0 ? values : Arrays.copyOf(values, used.size() * length),
                layout);
        return new Loaded(
                Optional.of(new Batch(
                        images,
                        used.stream().mapToInt(Sample::label).toArray(),
                        used.stream().mapToLong(Sample::index).toArray(),
                        used.stream().map(Sample::name).toList())),
                skipped);
    }
}
