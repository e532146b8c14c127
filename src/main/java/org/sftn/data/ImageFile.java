package org.sftn.data;

import com.twelvemonkeys.imageio.plugins.jpeg.JPEGImageReaderSpi;
import java.awt.image.BufferedImage;
import java.awt.image.IndexColorModel;
import java.awt.image.Raster;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.event.IIOReadWarningListener;
import javax.imageio.spi.IIORegistry;
import javax.imageio.stream.ImageInputStream;
import javax.imageio.stream.MemoryCacheImageInputStream;
import org.sftn.conf.Printable;

/**
 * A JPEG or PNG file whose header has been read. Its pixels are those that Pillow's {@code convert("RGB")} gives: gray is
 * repeated, alpha dropped, 16 bits cut to 8, CMYK converted by the plain formula; colour profiles and EXIF's orientation are
 * ignored.
 *
 * @param bytes the whole file; shared, not copied
 * @param jpeg empty for PNG
 */
record ImageFile(byte[] bytes, Optional<JpegHeader> jpeg, int width, int height) {
    /** Longer files are refused. */
    static final int MAX_FILE_BYTES = 64 << 20;
    /** Larger images are refused. */
    static final long MAX_PIXELS = 64L << 20;
    /** Wider or higher images are refused; it is as much as a JPEG can have. */
    static final int MAX_SIDE = 65_535;

    /** JPEGs with more scans are refused: each goes over all pixels. Encoders write 1 to 20. */
    static final int MAX_SCANS = 100;
    /** PNGs with more bytes of pixels are refused. */
    static final long MAX_PNG_BYTES = 256L << 20;

    private static final int PNG_SIGNATURE_BYTES = 8;
    private static final int PNG_HEADER_BYTES = 26;
    /** Length, type and checksum. */
    private static final int PNG_CHUNK_BYTES = 12;
    /** What deflate makes of a byte, at most. */
    private static final int MAX_INFLATION = 1032;
    /** Of 8 x 8 pixels. A component may have a quarter of the rows, and a block at least one bit. */
    private static final int MAX_BLOCKS_A_BYTE = 32;

    /**
     * Reads the header and allocates nothing for the pixels.
     *
     * @throws UnusableImageException with the reason
     */
    static ImageFile open(byte[] bytes) throws UnusableImageException {
        if (bytes.length == 0) {
            throw new UnusableImageException("it is empty");
        }
        if (startsWith(bytes, 0xFF, 0xD8, 0xFF)) {
            JpegHeader header = JpegHeader.of(bytes);
            checkSize(header.width(), header.height());
            if (header.scans() > MAX_SCANS) {
                throw new UnusableImageException(
                        String.format(Locale.ROOT, "it has %d scans, more than %d", header.scans(), MAX_SCANS));
            }
            long blocks = (header.width() + 7L) / 8 * ((header.height() + 7L) / 8);
            checkHolds(bytes, blocks / MAX_BLOCKS_A_BYTE);
            return new ImageFile(bytes, Optional.of(header), header.width(), header.height());
        }
        if (startsWith(bytes, 0x89, 'P', 'N', 'G')) {
            if (bytes.length < PNG_HEADER_BYTES) {
                throw new UnusableImageException("it is truncated");
            }
            long width = Integer.toUnsignedLong(ByteBuffer.wrap(bytes).getInt(16));
            long height = Integer.toUnsignedLong(ByteBuffer.wrap(bytes).getInt(20));
            checkSize(width, height);
            long pixels = height * ((width * bitsOfPngPixel(bytes) + 7) / 8);
            if (pixels > MAX_PNG_BYTES) {
                throw new UnusableImageException(
                        String.format(Locale.ROOT, "its pixels take %d bytes, more than %d", pixels, MAX_PNG_BYTES));
            }
            checkHolds(bytes, pixels / MAX_INFLATION);
            return new ImageFile(bytes, Optional.empty(), (int) width, (int) height);
        }
        throw new UnusableImageException("it is neither a JPEG nor a PNG image");
    }

    /** Before memory is taken for pixels that the file cannot hold. */
    private static void checkHolds(byte[] file, long leastBytes) throws UnusableImageException {
        if (file.length < leastBytes) {
            throw new UnusableImageException("it is truncated");
        }
    }

    private static int bitsOfPngPixel(byte[] png) {
        int samples = switch (png[25]) {
            case 2 -> 3;
            case 4 -> 2;
            case 6 -> 4;
            default -> 1;
        };
        return samples * (png[24] & 0xFF);
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

    private static void checkSize(long width, long height) throws UnusableImageException {
        if (width < 1 || height < 1) {
            throw new UnusableImageException(
                    String.format(Locale.ROOT, "it cannot be decoded: it has %d x %d pixels", width, height));
        }
        if (Math.max(width, height) > MAX_SIDE) {
            throw new UnusableImageException(String.format(
                    Locale.ROOT, "it has %d x %d pixels, a side longer than %d", width, height, MAX_SIDE));
        }
        if (width * height > MAX_PIXELS) {
            throw new UnusableImageException(
                    String.format(Locale.ROOT, "it has %d x %d pixels, more than %d", width, height, MAX_PIXELS));
        }
    }

    /**
     * @param reduction 1, 2, 4 or 8: so many times fewer rows and columns are enough; where the native library does not run, and
     *     of PNG, the pixels are the file's all the same
     * @throws UnusableImageException with the reason
     */
    Resizer.Source decode(int reduction) throws UnusableImageException {
        if (jpeg.isPresent()) {
            Optional<NativeJpeg> decoded = NativeJpeg.decode(bytes, jpeg.get(), reduction);
            if (decoded.isPresent()) {
                return decoded.get();
            }
        }
        return decodeByJdk();
    }

    /** With the JDK's readers, which run everywhere and say what is wrong with a file. */
    Resizer.Source decodeByJdk() throws UnusableImageException {
        byte[] plain = jpeg.isPresent() ? withoutProfile(bytes) : withoutTexts(bytes);
        ImageReader reader = reader();
        Truncation truncation = new Truncation();
        try (ImageInputStream input = new MemoryCacheImageInputStream(new ByteArrayInputStream(plain))) {
            reader.setInput(input, true, true);
            reader.addIIOReadWarningListener(truncation);
            checkSize(reader.getWidth(0), reader.getHeight(0));
            BufferedImage image = reader.read(0);
            if (truncation.seen) {
                throw new UnusableImageException("it is truncated");
            }
            if (image.getWidth() != width || image.getHeight() != height) {
                throw new UnusableImageException("it cannot be decoded: it has two sizes");
            }
            return new Rows(image);
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

    private ImageReader reader() {
        if (jpeg.isEmpty()) {
            return ImageIO.getImageReadersByFormatName("png").next();
        }
        try {
            return jpegReaders().createReaderInstance();
        } catch (IOException e) {
            throw new IllegalStateException("the JPEG reader cannot be made", e);
        }
    }

    // ImageIO finds plug-ins by the context class loader of whichever thread came first, which on an executor may not
    // see our jar.
    private static JPEGImageReaderSpi jpegReaders() {
        IIORegistry registry = IIORegistry.getDefaultInstance();
        JPEGImageReaderSpi known = registry.getServiceProviderByClass(JPEGImageReaderSpi.class);
        if (known != null) {
            return known;
        }
        registry.registerServiceProvider(new JPEGImageReaderSpi());
        return registry.getServiceProviderByClass(JPEGImageReaderSpi.class);
    }

    // The reader converts pixels from a profile that it finds, and slowly.
    /** The same JPEG without the segments that hold a colour profile. */
    private static byte[] withoutProfile(byte[] jpeg) {
        byte[] out = new byte[jpeg.length];
        int written = 2;
        System.arraycopy(jpeg, 0, out, 0, written);
        int at = 2;
        while (at + 3 < jpeg.length && jpeg[at] == (byte) 0xFF) {
            int marker = jpeg[at + 1] & 0xFF;
            // Only segments that stand between the start and the first scan.
            if (marker < 0xC0 || marker == 0xDA || marker == 0xFF || marker >= 0xD0 && marker <= 0xD9) {
                break;
            }
            int length = 2 + ((jpeg[at + 2] & 0xFF) << 8 | (jpeg[at + 3] & 0xFF));
            int end = Math.min(jpeg.length, at + length);
            boolean profile = marker == 0xE2
                    && new String(jpeg, at + 4, Math.min(12, jpeg.length - at - 4), StandardCharsets.US_ASCII)
                            .startsWith("ICC_PROFILE\0");
            if (!profile) {
                System.arraycopy(jpeg, at, out, written, end - at);
                written += end - at;
            }
            at = end;
        }
        System.arraycopy(jpeg, at, out, written, jpeg.length - at);
        return Arrays.copyOf(out, written + jpeg.length - at);
    }

    // The reader would unpack texts and profiles, which may be bombs.
    /** The same PNG with those chunks alone that its pixels depend on. */
    private static byte[] withoutTexts(byte[] png) {
        byte[] out = new byte[png.length];
        int written = PNG_SIGNATURE_BYTES;
        System.arraycopy(png, 0, out, 0, written);
        int at = PNG_SIGNATURE_BYTES;
        while (at + PNG_CHUNK_BYTES <= png.length) {
            long length = PNG_CHUNK_BYTES
                    + Integer.toUnsignedLong(ByteBuffer.wrap(png).getInt(at));
            int end = (int) Math.min(png.length, at + length);
            boolean critical = (png[at + 4] & 0x20) == 0;
            if (critical) {
                System.arraycopy(png, at, out, written, end - at);
                written += end - at;
            }
            at = end;
        }
        return Arrays.copyOf(out, written);
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
    /** Rows of any image that a reader returns, values as they are in the file. */
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
        public int reduction() {
            return 1;
        }

        @Override
        public void row(int y, int first, int count, int[] pixels) {
            raster.getPixels(first, y, count, 1, samples);
            int bands = raster.getNumBands();
            if (image.getColorModel() instanceof IndexColorModel palette) {
                for (int x = 0; x < count; x++) {
                    pixels[x] = palette.getRGB(samples[x]) << 8;
                }
                return;
            }
            int green = bands < 3 ? 0 : 1;
            int blue = bands < 3 ? 0 : 2;
            int bits = raster.getSampleModel().getSampleSize(0);
            for (int x = 0; x < count; x++) {
                pixels[x] = toByte(samples[x * bands], bits) << 24
                        | toByte(samples[x * bands + green], bits) << 16
                        | toByte(samples[x * bands + blue], bits) << 8;
            }
        }

        private static int toByte(int value, int bits) {
            if (bits == 8) {
                return value;
            }
            return bits > 8 ? value >>> (bits - 8) : value * 255 / ((1 << bits) - 1);
        }

        @Override
        public void close() {
            image.flush();
        }
    }
}
