package org.sftn.data.image;

import java.io.Serializable;
import java.util.Locale;
import org.sftn.conf.DataSettings;
import org.sftn.conf.DataSettings.ColorJitter;
import org.sftn.conf.DataSettings.Crop;
import org.sftn.conf.DataSettings.RandomResizedCrop;

/**
 * What is done to training images alone, at random.
 *
 * @param cropPadding of {@link Crop#PADDED}: zeros around the image before a crop at random, at least 0; 0 for no crop
 * @param randomResizedCrop of {@link Crop#RANDOM_RESIZED}
 * @param horizontalFlip mirrors every second image
 * @param lighting the standard deviation of AlexNet's noise, at least 0; 0 for none
 */
public record Augmentation(
        Crop crop,
        int cropPadding,
        RandomResizedCrop randomResizedCrop,
        boolean horizontalFlip,
        ColorJitter colorJitter,
        double lighting)
        implements Serializable {
    public Augmentation {
        if (cropPadding < 0 || !(lighting >= 0)) {
            throw new IllegalArgumentException(String.format(
                    Locale.ROOT,
                    "images cannot be augmented with a crop padding of %d and lighting of %s",
                    cropPadding,
                    lighting));
        }
    }

    public static Augmentation of(DataSettings settings) {
        return new Augmentation(
                settings.crop(),
                settings.cropPadding(),
                settings.randomResizedCrop(),
                settings.horizontalFlip(),
                settings.colorJitter(),
                settings.lighting());
    }

    /** A crop from the padded image and a flip. */
    public static Augmentation padded(int cropPadding, boolean horizontalFlip) {
        return new Augmentation(
                Crop.PADDED, cropPadding, new RandomResizedCrop(1, 1, 1, 1), horizontalFlip, ColorJitter.NONE, 0);
    }

    public boolean cutsFromFiles() {
        return crop == Crop.RANDOM_RESIZED;
    }
}
