package org.sftn.data;

import com.twelvemonkeys.imageio.plugins.jpeg.JPEGImageReaderSpi;
import java.awt.image.BufferedImage;
import java.awt.image.IndexColorModel;
import java.awt.image.Raster;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.Serializable;
import java.util.Iterator;
import java.util.Locale;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.event.IIOReadWarningListener;
import javax.imageio.spi.IIORegistry;
import javax.imageio.stream.ImageInputStream;
import javax.imageio.stream.MemoryCacheImageInputStream;

/**
 * JPEG and PNG files to pixels as torchvision's Resize and CenterCrop on Pillow images make them: the shorter side becomes
 * {@code size} (bilinear, antialiased), then the middle is cut out. Gray is repeated, alpha dropped, 16 bits cut to 8, CMYK
 * converted. What Pillow does not do: a JPEG with a colour profile other than sRGB is converted to sRGB.
 *
 * @param size height and width of the result, at least 1
 */
record ImageDecoder(int size) implements Serializable {
    /** Longer files are refused. */
    static final int MAX_FILE_BYTES = 64 << 20;
    /** Larger images are refused. */
    static final long MAX_PIXELS = 64L << 20;
    /** Wider or higher images are refused; it is as much as a JPEG can have. */
    static final int MAX_SIDE = 65_535;

    ImageDecoder {
        if (size < 1) {
            throw new IllegalArgumentException("images cannot be of size " + size);
        }
    }

    /**
     * @return R, G, B planes, {@code 3 x size x size}
     * @throws UnusableImageException with the reason
     */
    byte[] planes(byte[] file) throws UnusableImageException {
        return Resizer.fit(new Rows(decode(file)), size);
    }

    private static BufferedImage decode(byte[] file) throws UnusableImageException {
        if (file.length == 0) {
            throw new UnusableImageException("it is empty");
        }
        ImageReader reader = reader(file);
        Truncation truncation = new Truncation();
        try (ImageInputStream input = new MemoryCacheImageInputStream(new ByteArrayInputStream(file))) {
            reader.setInput(input, true, true);
            reader.addIIOReadWarningListener(truncation);
            checkSize(reader.getWidth(0), reader.getHeight(0));
            BufferedImage image = reader.read(0);
            if (truncation.seen) {
                throw new UnusableImageException("it is truncated");
            }
            return image;
        } catch (IOException | RuntimeException e) {
            // The readers throw all kinds of runtime exceptions at damaged files.
            throw new UnusableImageException("it cannot be decoded: " + oneLine(e), e);
        } finally {
            reader.dispose();
        }
    }

    private static void checkSize(int width, int height) throws UnusableImageException {
        if ((long) width * height > MAX_PIXELS) {
            throw new UnusableImageException(
                    "it has %d x %d pixels, more than %d".formatted(width, height, MAX_PIXELS));
        }
        if (Math.max(width, height) > MAX_SIDE) {
            throw new UnusableImageException(
                    "it has %d x %d pixels, a side longer than %d".formatted(width, height, MAX_SIDE));
        }
    }

    private static String oneLine(Exception e) {
        String message = e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
        return message.lines().findFirst().orElse(e.getClass().getSimpleName());
    }

    private static ImageReader reader(byte[] file) throws UnusableImageException {
        try {
            if (startsWith(file, 0xFF, 0xD8, 0xFF)) {
                return jpeg().createReaderInstance();
            }
        } catch (IOException e) {
            throw new IllegalStateException("the JPEG reader cannot be made", e);
        }
        if (startsWith(file, 0x89, 'P', 'N', 'G')) {
            Iterator<ImageReader> readers = ImageIO.getImageReadersByFormatName("png");
            return readers.next();
        }
        throw new UnusableImageException("it is neither a JPEG nor a PNG image");
    }

    private static boolean startsWith(byte[] file, int... magic) {
        if (file.length < magic.length) {
            return false;
        }
        for (int i = 0; i < magic.length; i++) {
            if ((file[i] & 0xFF) != magic[i]) {
                return false;
            }
        }
        return true;
    }

    // ImageIO finds plug-ins by the context class loader of whichever thread came first, which on an executor may not
    // see our jar.
    private static JPEGImageReaderSpi jpeg() {
        IIORegistry registry = IIORegistry.getDefaultInstance();
        JPEGImageReaderSpi known = registry.getServiceProviderByClass(JPEGImageReaderSpi.class);
        if (known != null) {
            return known;
        }
        registry.registerServiceProvider(new JPEGImageReaderSpi());
        return registry.getServiceProviderByClass(JPEGImageReaderSpi.class);
    }

    /** libjpeg fills what is missing with gray and only warns. */
    private static final class Truncation implements IIOReadWarningListener {
        private boolean seen;

        @Override
        public void warningOccurred(ImageReader source, String warning) {
            seen |= warning.toLowerCase(Locale.ROOT).contains("premature end");
        }
    }

    // BufferedImage.getRGB would brighten gray, whose values Java takes for linear.
    /** Rows of 8-bit R, G, B of any image that a reader returns, values as they are in the file. */
    private static final class Rows implements Resizer.Source {
        private final BufferedImage image;
        private final Raster raster;
        private final int[] samples;

        Rows(BufferedImage image) {
            this.image = image;
            this.raster = image.getRaster();
            this.samples = new int[raster.getNumBands() * image.getWidth()];
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
        public void row(int y, int[] red, int[] green, int[] blue) {
            raster.getPixels(0, y, image.getWidth(), 1, samples);
            int bands = raster.getNumBands();
            if (image.getColorModel() instanceof IndexColorModel palette) {
                for (int x = 0; x < image.getWidth(); x++) {
                    red[x] = palette.getRed(samples[x]);
                    green[x] = palette.getGreen(samples[x]);
                    blue[x] = palette.getBlue(samples[x]);
                }
                return;
            }
            int greenBand = bands < 3 ? 0 : 1;
            int blueBand = bands < 3 ? 0 : 2;
            int bits = raster.getSampleModel().getSampleSize(0);
            for (int x = 0; x < image.getWidth(); x++) {
                red[x] = toByte(samples[x * bands], bits);
                green[x] = toByte(samples[x * bands + greenBand], bits);
                blue[x] = toByte(samples[x * bands + blueBand], bits);
            }
        }

        private static int toByte(int value, int bits) {
            if (bits == 8) {
                return value;
            }
            return bits > 8 ? value >>> (bits - 8) : value * 255 / ((1 << bits) - 1);
        }
    }
}
