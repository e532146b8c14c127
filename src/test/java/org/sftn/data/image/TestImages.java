package org.sftn.data.image;

import java.awt.image.BufferedImage;
import java.awt.image.WritableRaster;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageWriteParam;
import javax.imageio.ImageWriter;
import javax.imageio.stream.ImageOutputStream;
import org.sftn.data.order.RandomStream;

/** Image files for tests. */
public final class TestImages {
    private TestImages() {}

    /** One color everywhere, 0xRRGGBB or with alpha in front, as the type has it. */
    public static BufferedImage plain(int width, int height, int type, int color) {
        BufferedImage image = new BufferedImage(width, height, type);
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                image.setRGB(x, y, color);
            }
        }
        return image;
    }

    /** Enough detail that a file has some length. */
    public static BufferedImage detailed(int width, int height, int seed) {
        BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
        RandomStream random = RandomStream.of("test-images", seed);
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                image.setRGB(x, y, random.nextInt(1 << 24));
            }
        }
        return image;
    }

    /** @param format png or jpeg */
    public static byte[] file(BufferedImage image, String format) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try {
            if (!ImageIO.write(image, format, bytes)) {
                throw new IllegalArgumentException("no writer of " + format + " for " + image);
            }
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }

    /** A JPEG of four channels as Photoshop writes it: with Adobe's marker and inverted values. */
    public static byte[] cmyk(int cyan, int magenta, int yellow, int black) throws IOException {
        return fourChannels(0, 255 - cyan, 255 - magenta, 255 - yellow, 255 - black);
    }

    /** A JPEG whose first three channels are to be converted from YCbCr first. */
    public static byte[] ycck(int luma, int blue, int red, int black) throws IOException {
        return fourChannels(2, luma, blue, red, 255 - black);
    }

    private static byte[] fourChannels(int transform, int... values) throws IOException {
        WritableRaster raster =
                java.awt.image.Raster.createInterleavedRaster(java.awt.image.DataBuffer.TYPE_BYTE, 16, 16, 4, null);
        for (int y = 0; y < 16; y++) {
            for (int x = 0; x < 16; x++) {
                raster.setPixel(x, y, values);
            }
        }
        ImageWriter writer = jpegWriter();
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ImageOutputStream out = ImageIO.createImageOutputStream(bytes)) {
            writer.setOutput(out);
            writer.write(null, new IIOImage(raster, null, null), null);
        }
        return withSegment(
                bytes.toByteArray(), 0xEE, new byte[] {'A', 'd', 'o', 'b', 'e', 0, 100, 0, 0, 0, 0, (byte) transform});
    }

    // Not TwelveMonkeys': it writes no progressive files.
    private static ImageWriter jpegWriter() {
        var writers = ImageIO.getImageWritersByFormatName("jpeg");
        while (writers.hasNext()) {
            ImageWriter candidate = writers.next();
            if (candidate.getClass().getName().startsWith("com.sun.")) {
                return candidate;
            }
        }
        throw new IllegalStateException("the JDK has no writer of JPEG files");
    }

    public static byte[] progressive(BufferedImage image) throws IOException {
        ImageWriter writer = jpegWriter();
        ImageWriteParam parameters = writer.getDefaultWriteParam();
        parameters.setProgressiveMode(ImageWriteParam.MODE_DEFAULT);
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ImageOutputStream out = ImageIO.createImageOutputStream(bytes)) {
            writer.setOutput(out);
            writer.write(null, new IIOImage(image, null, null), parameters);
        }
        return bytes.toByteArray();
    }

    /**
     * The same JPEG with another segment at its beginning.
     *
     * @param marker of an application's segment, 0xE0 to 0xEF
     */
    public static byte[] withSegment(byte[] jpeg, int marker, byte[] content) {
        ByteBuffer out = ByteBuffer.allocate(jpeg.length + 4 + content.length);
        out.put(jpeg, 0, 2).put((byte) 0xFF).put((byte) marker).putShort((short) (content.length + 2));
        out.put(content).put(jpeg, 2, jpeg.length - 2);
        return out.array();
    }
}
