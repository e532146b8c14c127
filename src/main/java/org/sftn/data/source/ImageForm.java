package org.sftn.data.source;

import java.io.IOException;
import java.io.Serializable;
import java.util.Locale;
import org.sftn.conf.PrepareSettings;
import org.sftn.conf.PrepareSettings.Store;
import org.sftn.conf.UserException;
import org.sftn.data.image.ImageDecoder;
import org.sftn.data.image.Preprocessing;
import org.sftn.data.image.UnusableImageException;

/**
 * What becomes of an image file in a shard.
 *
 * @param imageSize height and width of stored pixels, and of those that are counted for mean and deviation
 * @param shorterSide of stored files that have a longer one; 0 when all stay as they are
 */
record ImageForm(Store store, int imageSize, int shorterSide) implements Serializable {
    /** Bytes a pixel of what {@link ImageDecoder#shortened} makes of photographs, measured. */
    private static final double BYTES_A_PIXEL = 0.45;

    /** What a photograph's longer side is of its shorter one. */
    private static final double LONGER = 1.33;

    /** How a file's bytes come. */
    interface Reading {
        byte[] bytes() throws IOException, UnusableImageException;
    }

    /** @throws UserException when the settings contradict each other */
    static ImageForm of(PrepareSettings settings) {
        int shorterSide = settings.shorterSide();
        if (shorterSide != 0 && settings.store() == Store.PIXELS) {
            throw new UserException(String.format(
                    Locale.ROOT,
                    "prepare.shorter-side is %d, it needs prepare.store = files: pixels are stored at prepare.image-size",
                    shorterSide));
        }
        if (shorterSide != 0 && shorterSide < settings.imageSize()) {
            throw new UserException(String.format(
                    Locale.ROOT,
                    "prepare.shorter-side is %d, it must be 0 or at least prepare.image-size, %d",
                    shorterSide,
                    settings.imageSize()));
        }
        return new ImageForm(settings.store(), settings.imageSize(), shorterSide);
    }

    /** Reads, decodes and converts; what cannot be used comes out as a rejection. */
    Candidate candidate(String name, int label, Reading reading) throws IOException {
        try {
            byte[] file = reading.bytes();
            ImageDecoder decoder = new ImageDecoder(imageSize);
            if (store == Store.FILES && shorterSide != 0) {
                file = ImageDecoder.shortened(name, file, shorterSide);
            }
            byte[] planes = decoder.planes(name, file);
            return Candidate.usable(name, label, store == Store.FILES ? file : planes, planes);
        } catch (UnusableImageException e) {
            return Candidate.rejected(name, e.getMessage());
        }
    }

    /** About how many bytes a shard holds of a file. */
    long stored(long fileBytes) {
        if (store == Store.PIXELS) {
            return (long) Preprocessing.CHANNELS * imageSize * imageSize;
        }
        return shorterSide == 0
                ? fileBytes
                : Math.min(fileBytes, (long) (BYTES_A_PIXEL * LONGER * shorterSide * shorterSide));
    }
}
