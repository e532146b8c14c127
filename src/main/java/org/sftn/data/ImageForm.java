package org.sftn.data;

import java.io.IOException;
import java.io.Serializable;
import org.sftn.conf.PrepareSettings.Store;

/**
 * What becomes of an image file in a shard.
 *
 * @param imageSize height and width of stored pixels, and of those that are counted for mean and deviation
 */
record ImageForm(Store store, int imageSize) implements Serializable {
    /** How a file's bytes come. */
    interface Reading {
        byte[] bytes() throws IOException, UnusableImageException;
    }

    /** Reads, decodes and converts; what cannot be used comes out as a rejection. */
    Candidate candidate(String name, int label, Reading reading) throws IOException {
        try {
            byte[] file = reading.bytes();
            byte[] planes = new ImageDecoder(imageSize).planes(file);
            return Candidate.usable(name, label, store == Store.FILES ? file : planes, planes);
        } catch (UnusableImageException e) {
            return Candidate.rejected(name, e.getMessage());
        }
    }

    /** About how many bytes a shard holds of a file. */
    long stored(long fileBytes) {
        return store == Store.FILES ? fileBytes : (long) Preprocessing.CHANNELS * imageSize * imageSize;
    }
}
