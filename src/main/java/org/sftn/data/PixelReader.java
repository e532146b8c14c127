package org.sftn.data;

import java.io.Serializable;
import org.sftn.conf.PrepareSettings.Store;

/**
 * From what a shard holds of an image to its pixels.
 *
 * @param imageSize height and width of the result
 */
record PixelReader(Store store, int imageSize) implements Serializable {
    /**
     * @return R, G, B planes, {@code 3 x imageSize x imageSize}; shared with the argument when that holds pixels
     * @throws UnusableImageException when an image file cannot be decoded
     * @throws IllegalStateException when pixels are of another size
     */
    byte[] planes(byte[] image) throws UnusableImageException {
        return switch (store) {
            case PIXELS -> {
                int expected = Preprocessing.CHANNELS * imageSize * imageSize;
                if (image.length != expected) {
                    throw new IllegalStateException("an image of %d x %d pixels needs %d bytes, not %d"
                            .formatted(imageSize, imageSize, expected, image.length));
                }
                yield image;
            }
            case FILES -> new ImageDecoder(imageSize).planes(image);
        };
    }
}
