package org.sftn.data.image;

import java.awt.image.BufferedImage;
import java.awt.image.IndexColorModel;
import java.awt.image.Raster;
import java.io.ByteArrayInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.util.Locale;
import java.util.stream.IntStream;
import javax.imageio.ImageReader;
import javax.imageio.event.IIOReadWarningListener;
import javax.imageio.stream.ImageInputStream;
import javax.imageio.stream.MemoryCacheImageInputStream;
import org.sftn.conf.Printable;

// BufferedImage.getRGB would brighten gray, whose values Java takes for linear.
/** An image that a reader of {@code javax.imageio} has decoded, values as they are in the file. */
final class DecodedImage implements Resizer.Source {
    /** What an image's samples are, unless it has a palette. */
    enum Samples {
        /** Red, green and blue, or gray, and perhaps others that do not matter. */
        COLORS,
        /** Red, green and blue, each multiplied by the alpha that follows. */
        WEIGHTED_COLORS,
        /** Cyan, magenta, yellow and black. */
        INKS
    }

    private static final int MAX = 255;

    private final BufferedImage image;
    private final Samples kind;
    private final Raster raster;
    private final int[] samples;
    private final int[] bits;

    private DecodedImage(BufferedImage image, Samples kind) {
        this.image = image;
        this.kind = kind;
        this.raster = image.getRaster();
        this.samples = new int[raster.getNumBands() * image.getWidth()];
        this.bits = raster.getSampleModel().getSampleSize();
    }

    /**
     * The first image of a file.
     *
     * @param reader is disposed of
     * @param width that the file must have
     * @param height that the file must have
     * @throws UnusableImageException with the reason
     */
    static DecodedImage read(ImageReader reader, byte[] file, int width, int height, Samples kind)
            throws UnusableImageException {
        Truncation truncation = new Truncation();
        try (ImageInputStream input = new MemoryCacheImageInputStream(new ByteArrayInputStream(file))) {
            reader.setInput(input, true, true);
            reader.addIIOReadWarningListener(truncation);
            if (reader.getWidth(0) != width || reader.getHeight(0) != height) {
                throw new UnusableImageException("it cannot be decoded: it has two sizes");
            }
            BufferedImage image = reader.read(0);
            if (truncation.seen) {
                throw new UnusableImageException("it is truncated");
            }
            if (IntStream.of(image.getSampleModel().getSampleSize()).anyMatch(bits -> bits < 1)) {
                throw new UnusableImageException("it cannot be decoded: it has samples of 0 bits");
            }
            return new DecodedImage(image, kind);
        } catch (EOFException e) {
            throw new UnusableImageException("it is truncated", e);
        } catch (IOException | RuntimeException e) {
            // The readers throw all kinds of runtime exceptions at damaged files.
            throw new UnusableImageException("it cannot be decoded: " + oneLine(e), e);
        } finally {
            reader.dispose();
        }
    }

    private static String oneLine(Exception e) {
        String message = e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
        return Printable.of(message.lines().findFirst().orElse(e.getClass().getSimpleName()));
    }

    /** libjpeg fills what is missing with gray and only warns. */
    private static final class Truncation implements IIOReadWarningListener {
        private boolean seen;

        @Override
        public void warningOccurred(ImageReader source, String warning) {
            seen |= warning.toLowerCase(Locale.ROOT).contains("premature end");
        }
    }

    @Override
    public int width() {
        return image.getWidth();
    }

    @Override
    public int height() {
        return image.getHeight();
    }

    @Override
    public int reduction() {
        return 1;
    }

    @Override
    public void row(int y, int first, int count, int[] pixels) {
        raster.getPixels(first, y, count, 1, samples);
        if (image.getColorModel() instanceof IndexColorModel palette) {
            for (int x = 0; x < count; x++) {
                pixels[x] = palette.getRGB(samples[x]) << 8;
            }
            return;
        }
        int bands = bits.length;
        int green = bands < 3 ? 0 : 1;
        int blue = bands < 3 ? 0 : 2;
        for (int x = 0; x < count; x++) {
            int at = x * bands;
            pixels[x] = value(at, 0) << 24 | value(at, green) << 16 | value(at, blue) << 8;
        }
    }

    private int value(int at, int band) {
        int value = eightBits(at, band);
        return switch (kind) {
            case COLORS -> value;
            case WEIGHTED_COLORS -> unweighted(value, eightBits(at, 3));
            case INKS -> lessInk(value, MAX - eightBits(at, 3));
        };
    }

    private int eightBits(int at, int band) {
        int value = samples[at + band];
        if (bits[band] == 8) {
            return value;
        }
        return bits[band] > 8 ? value >>> (bits[band] - 8) : value * MAX / ((1 << bits[band]) - 1);
    }

    private static int unweighted(int value, int alpha) {
        return alpha == 0 ? 0 : Math.min(MAX, value * MAX / alpha);
    }

    // Pillow's MULDIV255.
    /** What an ink leaves of the light that black leaves. */
    private static int lessInk(int ink, int light) {
        int product = ink * light + 128;
        return Math.max(0, light - ((product >> 8) + product >> 8));
    }

    @Override
    public void close() {
        image.flush();
    }
}
