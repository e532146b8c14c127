package org.sftn.data;

import java.io.Serializable;
import java.util.List;
import org.sftn.conf.DataSettings;
import org.sftn.conf.PrepareSettings.Store;

/**
 * What is done to an image between the shard and the network.
 *
 * @param imageSize height and width in pixels
 * @param store what {@link Sample#image} holds
 * @param mean of each channel, red, green, blue, in [0, 1]
 * @param standardDeviation likewise, above 0
 * @param cropPadding training only: zeros around the image before a crop at random; 0 for no crop
 * @param horizontalFlip training only: mirrors every second image, at random
 */
public record Preprocessing(
        int imageSize,
        Store store,
        List<Double> mean,
        List<Double> standardDeviation,
        int cropPadding,
        boolean horizontalFlip)
        implements Serializable {
    /** Red, green, blue. */
    public static final int CHANNELS = 3;

    public Preprocessing {
        mean = List.copyOf(mean);
        standardDeviation = List.copyOf(standardDeviation);
        if (imageSize < 1 || cropPadding < 0) {
            throw new IllegalArgumentException(
                    "images cannot be of size " + imageSize + " with a crop padding of " + cropPadding);
        }
        if (mean.size() != CHANNELS || standardDeviation.size() != CHANNELS) {
            throw new IllegalArgumentException(
                    "three channels cannot be normalised by mean " + mean + " and deviation " + standardDeviation);
        }
        for (int c = 0; c < CHANNELS; c++) {
            if (!(Math.abs(mean.get(c)) <= 1)
                    || !(standardDeviation.get(c) > 0)
                    || standardDeviation.get(c).isInfinite()) {
                throw new IllegalArgumentException(
                        "values cannot be normalised by mean " + mean + " and deviation " + standardDeviation);
            }
        }
    }

    /** With the statistics of the data set's training split. */
    public static Preprocessing of(Manifest manifest, DataSettings settings) {
        return new Preprocessing(
                manifest.imageSize(),
                manifest.store(),
                manifest.mean(),
                manifest.standardDeviation(),
                settings.cropPadding(),
                settings.horizontalFlip());
    }

    /** Values of one image: channels, height, width. */
    int values() {
        return CHANNELS * imageSize * imageSize;
    }
}
