package org.sftn.data;

import java.util.Arrays;
import org.sftn.nn.Layout;
import org.sftn.nn.Shape;
import org.sftn.nn.Tensor;

/** Makes batches of the samples of one rank. Any number of threads may call it. */
public final class BatchLoader {
    private static final int VALUES_OF_A_BYTE = 256;

    /**
     * The part of an image that becomes the network's input, {@code imageSize} high and wide.
     *
     * @param top row of the image that comes first; negative in the padding above it
     * @param left column that comes first; negative in the padding on the left
     * @param mirrored whether the columns come from right to left
     */
    private record View(int top, int left, boolean mirrored) {
        static final View WHOLE = new View(0, 0, false);
    }

    private final SampleStore samples;
    private final Preprocessing preprocessing;
    private final Layout layout;
    private final long seed;
    private final PixelReader pixels;
    /** By channel and byte. */
    private final float[][] normalised;

    /**
     * @param layout of the batches
     * @param seed with the epoch and an image's index it fixes how that image is augmented
     */
    public BatchLoader(SampleStore samples, Preprocessing preprocessing, Layout layout, long seed) {
        this.samples = samples;
        this.preprocessing = preprocessing;
        this.layout = layout;
        this.seed = seed;
        this.pixels = new PixelReader(preprocessing.store(), preprocessing.imageSize());
        this.normalised = new float[Preprocessing.CHANNELS][VALUES_OF_A_BYTE];
        for (int c = 0; c < normalised.length; c++) {
            for (int value = 0; value < VALUES_OF_A_BYTE; value++) {
                normalised[c][value] =
                        (float) ((value / 255.0 - preprocessing.mean().get(c))
                                / preprocessing.standardDeviation().get(c));
            }
        }
    }

    /**
     * Augmented images, the same for the same seed, epoch and index: a crop at random from the image padded with black, and
     * a flip.
     *
     * @param epoch from 0
     * @param positions in the {@link SampleStore}, at least one; the batch has their order
     */
    public Batch training(int epoch, int[] positions) {
        View[] views = new View[positions.length];
        for (int i = 0; i < positions.length; i++) {
            views[i] = augmented(epoch, samples.index(positions[i]));
        }
        return batch(positions, views);
    }

    /**
     * Whole images, normalised.
     *
     * @param positions in the {@link SampleStore}, at least one; the batch has their order
     */
    public Batch evaluation(int[] positions) {
        View[] views = new View[positions.length];
        Arrays.fill(views, View.WHOLE);
        return batch(positions, views);
    }

    private View augmented(int epoch, long index) {
        RandomStream random = RandomStream.of("augmentation", seed, epoch, index);
        int padding = preprocessing.cropPadding();
        int top = random.nextInt(2 * padding + 1) - padding;
        int left = random.nextInt(2 * padding + 1) - padding;
        return new View(top, left, preprocessing.horizontalFlip() && random.nextBoolean());
    }

    private Batch batch(int[] positions, View[] views) {
        int size = preprocessing.imageSize();
        float[] values = new float[Math.multiplyExact(positions.length, preprocessing.values())];
        boolean last = layout == Layout.CHANNELS_LAST;
        int[] labels = new int[positions.length];
        long[] indices = new long[positions.length];
        for (int i = 0; i < positions.length; i++) {
            labels[i] = samples.label(positions[i]);
            indices[i] = samples.index(positions[i]);
            byte[] planes = pixels.planes(samples.image(positions[i]));
            for (int c = 0; c < normalised.length; c++) {
                int output = i * preprocessing.values() + (last ? c : c * size * size);
                copy(planes, c * size * size, views[i], normalised[c], values, output, last ? normalised.length : 1);
            }
        }
        Shape shape = Shape.of(positions.length, Preprocessing.CHANNELS, size, size);
        return new Batch(new Tensor(shape, values, layout), labels, indices);
    }

    /**
     * One plane of one image.
     *
     * @param stride from a value to the next of its row
     */
    private void copy(byte[] planes, int plane, View view, float[] table, float[] values, int output, int stride) {
        int size = preprocessing.imageSize();
        int firstColumn = Math.min(size, Math.max(0, -view.left()));
        int endColumn = Math.max(firstColumn, Math.min(size, size - view.left()));
        int step = view.mirrored() ? -stride : stride;
        float black = table[0];
        for (int y = 0; y < size; y++) {
            int row = y + view.top();
            boolean padding = row < 0 || row >= size;
            int first = padding ? size : firstColumn;
            int end = padding ? size : endColumn;
            int in = plane + row * size + view.left();
            int out = output + (y * size + (view.mirrored() ? size - 1 : 0)) * stride;
            for (int x = 0; x < first; x++, out += step) {
                values[out] = black;
            }
            for (int x = first; x < end; x++, out += step) {
                values[out] = table[planes[in + x] & 0xFF];
            }
            for (int x = end; x < size; x++, out += step) {
                values[out] = black;
            }
        }
    }
}
