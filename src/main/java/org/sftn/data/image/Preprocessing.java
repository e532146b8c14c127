package org.sftn.data.image;

import java.io.Serializable;
import java.util.List;
import java.util.Locale;
import org.sftn.conf.DataSettings;
import org.sftn.conf.PrepareSettings.Store;
import org.sftn.conf.Problems;
import org.sftn.conf.UserException;
import org.sftn.data.Sample;

/**
 * What is done to an image between the shard and the network.
 *
 * @param imageSize height and width in pixels
 * @param store what {@link Sample#image} holds
 * @param mean of each channel, red, green, blue, in [0, 1]
 * @param standardDeviation likewise, above 0
 * @param evaluationResize of image files: the shorter side before the middle is cut out for evaluation; at least imageSize
 * @param augmentation training only
 */
public record Preprocessing(
        int imageSize,
        Store store,
        List<Double> mean,
        List<Double> standardDeviation,
        int evaluationResize,
        Augmentation augmentation)
        implements Serializable {
    /** Red, green, blue. */
    public static final int CHANNELS = 3;

    public Preprocessing {
        mean = List.copyOf(mean);
        standardDeviation = List.copyOf(standardDeviation);
        if (imageSize < 1 || evaluationResize < imageSize) {
            throw new IllegalArgumentException(String.format(
                    Locale.ROOT,
                    "images cannot be of size %d after resizing to %d for evaluation",
                    imageSize,
                    evaluationResize));
        }
        if (augmentation.cutsFromFiles() && store != Store.FILES) {
            throw new IllegalArgumentException("parts cannot be cut out of image files: the data set holds pixels");
        }
        if (mean.size() != CHANNELS || standardDeviation.size() != CHANNELS) {
            throw new IllegalArgumentException(
                    "three channels cannot be normalized by mean " + mean + " and deviation " + standardDeviation);
        }
        for (int c = 0; c < CHANNELS; c++) {
            if (!(Math.abs(mean.get(c)) <= 1)
                    || !(standardDeviation.get(c) > 0)
                    || standardDeviation.get(c).isInfinite()) {
                throw new IllegalArgumentException(
                        "values cannot be normalized by mean " + mean + " and deviation " + standardDeviation);
            }
        }
    }

    /** Evaluation of the size itself; for training a crop from the padded image, 0 for none, and a flip. */
    public Preprocessing(
            int imageSize,
            Store store,
            List<Double> mean,
            List<Double> standardDeviation,
            int cropPadding,
            boolean horizontalFlip) {
        this(imageSize, store, mean, standardDeviation, imageSize, Augmentation.padded(cropPadding, horizontalFlip));
    }

    /**
     * As a run's settings want it.
     *
     * @param mean of each channel
     * @throws UserException when the settings are not for this data set, with all reasons
     */
    public static Preprocessing of(
            DataSettings settings, int imageSize, Store store, List<Double> mean, List<Double> standardDeviation) {
        Augmentation augmentation = Augmentation.of(settings);
        int resize = settings.evaluationResize();
        Problems problems = new Problems();
        if (augmentation.cutsFromFiles() && store != Store.FILES) {
            problems.add(
                    "data.crop is random-resized, it needs the image files, but the data set in data.path holds pixels:"
                            + " prepare it with prepare.store = files");
        }
        if (resize != 0 && store != Store.FILES) {
            problems.add(String.format(
                    Locale.ROOT,
                    "data.evaluation-resize is %d, it needs the image files, but the data set in data.path holds pixels: prepare it with prepare.store = files",
                    resize));
        } else if (resize != 0 && resize < imageSize) {
            problems.add(String.format(
                    Locale.ROOT,
                    "data.evaluation-resize is %d, it must be 0 or at least the size of the images of the data set in data.path, %d",
                    resize,
                    imageSize));
        }
        problems.throwIfAny();
        return new Preprocessing(
                imageSize, store, mean, standardDeviation, resize == 0 ? imageSize : resize, augmentation);
    }

    /** Of image files for inference. */
    public static Preprocessing ofFiles(
            int imageSize, int evaluationResize, List<Double> mean, List<Double> standardDeviation) {
        return new Preprocessing(
                imageSize, Store.FILES, mean, standardDeviation, evaluationResize, Augmentation.padded(0, false));
    }

    /** Normalized by other statistics. */
    public Preprocessing with(List<Double> otherMean, List<Double> otherStandardDeviation) {
        return new Preprocessing(imageSize, store, otherMean, otherStandardDeviation, evaluationResize, augmentation);
    }

    /**
     * What decodes JPEGs on this machine, in words, or "none" when pixels are stored. The library decodes large images with fewer
     * pixels, the JDK does not, so the bits of training depend on it.
     */
    public String decoder() {
        if (store == Store.PIXELS) {
            return "none";
        }
        return NativeImage.isAvailable() ? "libjpeg-turbo" : "JDK";
    }

    /** Values of one image: channels, height, width. */
    public int values() {
        return CHANNELS * imageSize * imageSize;
    }
}
