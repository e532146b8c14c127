package org.sftn.data;

import org.sftn.nn.Layout;
import org.sftn.nn.Shape;
import org.sftn.nn.Tensor;

/** Makes batches of the samples of one rank. Any number of threads may call it. */
public final class BatchLoader {
    private final SampleStore samples;
    private final Preprocessing preprocessing;
    private final Layout layout;
    private final ImageViews views;

    /** One image's values. */
    @FunctionalInterface
    private interface Filling {
        void fill(Sample sample, float[] values, int offset) throws UnusableImageException;
    }

    /**
     * @param layout of the batches
     * @param seed with the epoch and an image's index it fixes how that image is augmented
     */
    public BatchLoader(SampleStore samples, Preprocessing preprocessing, Layout layout, long seed) {
        this.samples = samples;
        this.preprocessing = preprocessing;
        this.layout = layout;
        this.views = new ImageViews(preprocessing, layout, seed);
    }

    /**
     * Augmented images, the same for the same seed, epoch and index.
     *
     * @param epoch from 0
     * @param positions in the {@link SampleStore}, at least one; the batch has their order
     */
    public Batch training(int epoch, int[] positions) {
        return batch(positions, (sample, values, offset) -> views.training(sample, epoch, values, offset));
    }

    /**
     * Whole images, or of files the middle, normalised.
     *
     * @param positions in the {@link SampleStore}, at least one; the batch has their order
     */
    public Batch evaluation(int[] positions) {
        return batch(positions, views::evaluation);
    }

    private Batch batch(int[] positions, Filling filling) {
        int size = preprocessing.imageSize();
        float[] values = new float[Math.multiplyExact(positions.length, preprocessing.values())];
        int[] labels = new int[positions.length];
        long[] indices = new long[positions.length];
        for (int i = 0; i < positions.length; i++) {
            int position = positions[i];
            labels[i] = samples.label(position);
            indices[i] = samples.index(position);
            Sample sample = new Sample(indices[i], labels[i], samples.name(position), samples.image(position));
            try {
                filling.fill(sample, values, i * preprocessing.values());
            } catch (UnusableImageException e) {
                throw new IllegalStateException("an image of the data set cannot be decoded: " + e.getMessage(), e);
            }
        }
        Shape shape = Shape.of(positions.length, Preprocessing.CHANNELS, size, size);
        return new Batch(new Tensor(shape, values, layout), labels, indices);
    }
}
