package org.sftn.data.image;

import com.twelvemonkeys.imageio.plugins.jpeg.JPEGImageReaderSpi;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import javax.imageio.ImageReader;
import javax.imageio.spi.IIORegistry;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A JPEG.
 *
 * @param name for the log
 * @param bytes the whole file; shared, not copied
 */
public record JpegFile(String name, byte[] bytes, JpegHeader header) implements ImageFile {
    private static final Logger LOG = LoggerFactory.getLogger(JpegFile.class);

    /** JPEGs with more scans are refused: each goes over all pixels. Encoders write 1 to 20. */
    static final int MAX_SCANS = 100;
    /** Of 8 x 8 pixels. A component may have a quarter of the rows, and a block at least one bit. */
    private static final int MAX_BLOCKS_A_BYTE = 32;

    private static final int PIXELS_A_BLOCK = 64;

    /** Pixels that a byte of a JPEG gives, at most. */
    static final int MAX_PIXELS_A_BYTE = MAX_BLOCKS_A_BYTE * PIXELS_A_BLOCK;

    /** @throws UnusableImageException with the reason */
    public static JpegFile of(String name, byte[] bytes) throws UnusableImageException {
        JpegHeader header = JpegHeader.of(bytes);
        ImageFile.checkSize(header.width(), header.height());
        if (header.scans() > MAX_SCANS) {
            throw new UnusableImageException(
                    String.format(Locale.ROOT, "it has %d scans, more than %d", header.scans(), MAX_SCANS));
        }
        long blocks = (header.width() + 7L) / 8 * ((header.height() + 7L) / 8);
        ImageFile.checkBytes(bytes, blocks, MAX_BLOCKS_A_BYTE);
        return new JpegFile(name, bytes, header);
    }

    @Override
    public int width() {
        return header.width();
    }

    @Override
    public int height() {
        return header.height();
    }

    @Override
    public Resizer.Source decode(int reduction) throws UnusableImageException {
        // Of a file without an end libjpeg-turbo would say so on stderr, and not of which.
        if (header.isCommon() && header.isEnded() && NativeImage.isAvailable()) {
            Optional<NativeImage> decoded = NativeImage.jpeg(bytes, header, reduction);
            if (decoded.isPresent()) {
                return decoded.get();
            }
            LOG.warn(
                    "{}: libjpeg-turbo finds fault with it, which it may say in a line before; Java's reader decides",
                    name);
        }
        return decodeByJdk();
    }

    /** With the JDK's reader, which runs everywhere and says what is wrong with a file. */
    public Resizer.Source decodeByJdk() throws UnusableImageException {
        return DecodedImage.read(reader(), withoutProfile(bytes), width(), height(), DecodedImage.Samples.COLORS);
    }

    private static ImageReader reader() {
        try {
            return readers().createReaderInstance();
        } catch (IOException e) {
            throw new IllegalStateException("the JPEG reader cannot be made", e);
        }
    }

    // ImageIO finds plug-ins by the context class loader of whichever thread came first, which on an executor may not
    // see our jar.
    private static JPEGImageReaderSpi readers() {
        IIORegistry registry = IIORegistry.getDefaultInstance();
        JPEGImageReaderSpi known = registry.getServiceProviderByClass(JPEGImageReaderSpi.class);
        if (known != null) {
            return known;
        }
        registry.registerServiceProvider(new JPEGImageReaderSpi());
        return registry.getServiceProviderByClass(JPEGImageReaderSpi.class);
    }

    // The reader converts pixels from a profile that it finds, and slowly.
    /** The same JPEG without the segments that hold a color profile. */
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
}
