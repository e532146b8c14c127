package org.sftn.data.image;

import java.io.Serializable;
import java.util.Locale;

/**
 * Image files to pixels as torchvision's transforms of Pillow images make them (bilinear, antialiased).
 *
 * @param resize the shorter side before the middle is cut out, at least {@code size}
 * @param size height and width of the result, at least 1
 */
public record ImageDecoder(int resize, int size) implements Serializable {
    private static final int MAX_REDUCTION = 8;

    public ImageDecoder {
        if (size < 1 || resize < size) {
            throw new IllegalArgumentException(
                    String.format(Locale.ROOT, "images cannot be of size %d after resizing to %d", size, resize));
        }
    }

    /** Resizes the shorter side to the size itself. */
    public ImageDecoder(int size) {
        this(size, size);
    }

    /**
     * {@code Resize} and {@code CenterCrop}: the middle of the resized image, of all of the file's pixels.
     *
     * @param name of the image, for the log
     * @return R, G, B planes, {@code 3 x size x size}
     * @throws UnusableImageException with the reason
     */
    public byte[] planes(String name, byte[] file) throws UnusableImageException {
        ImageFile image = ImageFile.open(name, file);
        int shorter = Math.min(image.width(), image.height());
        try (Resizer.Source pixels = image.decode(1)) {
            return Resizer.planes(
                    pixels,
                    Resizer.Axis.middle(image.width(), (long) resize * image.width() / shorter, size),
                    Resizer.Axis.middle(image.height(), (long) resize * image.height() / shorter, size),
                    size,
                    size);
        }
    }

    /**
     * {@code resized_crop}: a part of the image, resized to the size, whatever its proportions. A part at least twice as large is
     * taken from an image decoded with half the rows and columns if it has all the pixels of the result.
     *
     * @param name of the image, for the log
     * @return R, G, B planes, {@code 3 x size x size}
     * @throws UnusableImageException with the reason
     */
    public byte[] planes(String name, byte[] file, Region.Choice choice) throws UnusableImageException {
        ImageFile image = ImageFile.open(name, file);
        Region part = choice.of(image.width(), image.height());
        int reduction = 1;
        while (reduction < MAX_REDUCTION && Math.min(part.width(), part.height()) >= 2 * reduction * size) {
            reduction *= 2;
        }
        try (Resizer.Source pixels = image.decode(reduction)) {
            return Resizer.planes(
                    pixels,
                    Resizer.Axis.part(part.left(), part.width(), pixels.width(), pixels.reduction(), size),
                    Resizer.Axis.part(part.top(), part.height(), pixels.height(), pixels.reduction(), size),
                    size,
                    size);
        }
    }

    /**
     * The file with a shorter side of {@code side} pixels as a JPEG; the file itself when its shorter side is no longer.
     *
     * @param name of the image, for the log
     * @throws UnusableImageException with the reason
     */
    public static byte[] shortened(String name, byte[] file, int side) throws UnusableImageException {
        ImageFile image = ImageFile.open(name, file);
        int shorter = Math.min(image.width(), image.height());
        if (shorter <= side) {
            return file;
        }
        // As torchvision's Resize.
        int width = (int) ((long) side * image.width() / shorter);
        int height = (int) ((long) side * image.height() / shorter);
        try (Resizer.Source pixels = image.decode(1)) {
            return JpegWriter.write(
                    Resizer.planes(
                            pixels,
                            Resizer.Axis.middle(image.width(), width, width),
                            Resizer.Axis.middle(image.height(), height, height),
                            width,
                            height),
                    width,
                    height);
        }
    }
}
