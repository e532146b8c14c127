package org.sftn.data;

import java.util.Locale;
import org.sftn.conf.DataSettings.ColorJitter;
import org.sftn.conf.PrepareSettings.Store;
import org.sftn.data.image.Augmentation;
import org.sftn.data.image.Colors;
import org.sftn.data.image.ImageDecoder;
import org.sftn.data.image.Preprocessing;
import org.sftn.data.image.Region;
import org.sftn.data.image.UnusableImageException;
import org.sftn.data.order.RandomStream;
import org.sftn.nn.Layout;

/** What the network sees of stored images, one by one. Any number of threads may call it. */
public final class ImageViews {
    private static final int VALUES_OF_A_BYTE = 256;
    private static final double[] UNCHANGED = new double[Preprocessing.CHANNELS];

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

    private final Preprocessing preprocessing;
    private final Layout layout;
    private final long seed;
    private final ImageDecoder decoder;
    /** By channel and byte. */
    private final float[][] normalized;

    /**
     * @param layout of an image's values
     * @param seed with the epoch and an image's index it fixes how that image is augmented
     */
    public ImageViews(Preprocessing preprocessing, Layout layout, long seed) {
        this.preprocessing = preprocessing;
        this.layout = layout;
        this.seed = seed;
        this.decoder = new ImageDecoder(preprocessing.evaluationResize(), preprocessing.imageSize());
        this.normalized = normalized(UNCHANGED);
    }

    /** @param shift what each channel's values in [0, 1] grow by */
    private float[][] normalized(double[] shift) {
        float[][] table = new float[Preprocessing.CHANNELS][VALUES_OF_A_BYTE];
        for (int c = 0; c < table.length; c++) {
            for (int value = 0; value < VALUES_OF_A_BYTE; value++) {
                table[c][value] = (float) ((value / 255.0 - preprocessing.mean().get(c) + shift[c])
                        / preprocessing.standardDeviation().get(c));
            }
        }
        return table;
    }

    /**
     * The augmented image, the same for the same seed, epoch and index.
     *
     * @param epoch from 0
     * @param values gets the {@link Preprocessing#values} normalized values of the image
     * @param offset of the first in values
     * @throws UnusableImageException when the image file cannot be decoded
     * @throws IllegalStateException when stored pixels are not as many as the image has
     */
    void training(Sample sample, int epoch, float[] values, int offset) throws UnusableImageException {
        Augmentation augmentation = preprocessing.augmentation();
        RandomStream random = RandomStream.of("augmentation", seed, epoch, sample.index());
        byte[] planes;
        View view;
        if (augmentation.cutsFromFiles()) {
            planes = decoder.planes(
                    sample.name(),
                    sample.bytes(),
                    (width, height) -> Region.random(random, augmentation.randomResizedCrop(), width, height));
            view = new View(0, 0, flip(random));
        } else {
            int padding = augmentation.cropPadding();
            planes = trainingPlanes(sample);
            int top = random.nextInt(2 * padding + 1) - padding;
            int left = random.nextInt(2 * padding + 1) - padding;
            view = new View(top, left, flip(random));
        }
        if (!augmentation.colorJitter().equals(ColorJitter.NONE)) {
            planes = cut(planes, view);
            Colors.jitter(planes, augmentation.colorJitter(), random);
            view = View.WHOLE;
        }
        float[][] table = augmentation.lighting() == 0
                ? normalized
                : normalized(Colors.lighting(augmentation.lighting(), random));
        normalize(planes, view, table, values, offset);
    }

    private boolean flip(RandomStream random) {
        return preprocessing.augmentation().horizontalFlip() && random.nextBoolean();
    }

    /**
     * The whole image, or of a file the middle, normalized.
     *
     * @param values gets the {@link Preprocessing#values} normalized values of the image
     * @param offset of the first in values
     * @throws UnusableImageException when the image file cannot be decoded
     * @throws IllegalStateException when stored pixels are not as many as the image has
     */
    public void evaluation(Sample sample, float[] values, int offset) throws UnusableImageException {
        byte[] planes =
                preprocessing.store() == Store.PIXELS ? stored(sample) : decoder.planes(sample.name(), sample.bytes());
        normalize(planes, View.WHOLE, normalized, values, offset);
    }

    private byte[] trainingPlanes(Sample sample) throws UnusableImageException {
        return preprocessing.store() == Store.PIXELS
                ? stored(sample)
                : new ImageDecoder(preprocessing.imageSize()).planes(sample.name(), sample.bytes());
    }

    /** R, G, B planes; shared with the sample. */
    private byte[] stored(Sample sample) {
        int size = preprocessing.imageSize();
        byte[] planes = sample.bytes();
        if (planes.length != preprocessing.values()) {
            throw new IllegalStateException(String.format(
                    Locale.ROOT,
                    "an image of %d x %d pixels needs %d bytes, not %d",
                    size,
                    size,
                    preprocessing.values(),
                    planes.length));
        }
        return planes;
    }

    /** The view's pixels, black where it reaches into the padding. */
    private byte[] cut(byte[] planes, View view) {
        int size = preprocessing.imageSize();
        byte[] part = new byte[planes.length];
        for (int row = 0; row < Preprocessing.CHANNELS * size; row++) {
            int y = row % size + view.top();
            int in = (row - row % size + y) * size + view.left();
            for (int x = 0; x < size && y >= 0 && y < size; x++) {
                int column = x + view.left();
                if (column >= 0 && column < size) {
                    part[row * size + (view.mirrored() ? size - 1 - x : x)] = planes[in + x];
                }
            }
        }
        return part;
    }

    private void normalize(byte[] planes, View view, float[][] table, float[] values, int offset) {
        int plane = preprocessing.imageSize() * preprocessing.imageSize();
        boolean last = layout == Layout.CHANNELS_LAST;
        for (int c = 0; c < Preprocessing.CHANNELS; c++) {
            int output = offset + (last ? c : c * plane);
            copy(planes, c * plane, view, table[c], values, output, last ? Preprocessing.CHANNELS : 1);
        }
    }

    /**
     * One plane.
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
