package org.sftn.data.image;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Locale;
import javax.imageio.ImageIO;

/**
 * A BMP: of 1, 4, 8, 16, 24 or 32 bits, plain or packed by runs.
 *
 * @param bytes the whole file; shared, not copied
 */
record BmpFile(byte[] bytes, int width, int height) implements ImageFile {
    private static final int FILE_HEADER_BYTES = 14;
    /** Of OS/2; sizes take 16 bits. */
    private static final int CORE_HEADER_BYTES = 12;
    /** Of Windows 3; later ones begin as it does. */
    private static final int INFO_HEADER_BYTES = 40;

    private static final int PLAIN = 0;
    private static final int RUNS_OF_BYTES = 1;
    private static final int RUNS_OF_HALF_BYTES = 2;
    private static final int MASKS = 3;
    /** Pixels of two bytes. With even fewer bytes most of an image is left empty. */
    private static final int LONGEST_RUN = 255;

    /** @throws UnusableImageException with the reason */
    static BmpFile of(byte[] bytes) throws UnusableImageException {
        ByteBuffer file = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        if (bytes.length < FILE_HEADER_BYTES + CORE_HEADER_BYTES) {
            throw new UnusableImageException("it is truncated");
        }
        long header = Integer.toUnsignedLong(file.getInt(FILE_HEADER_BYTES));
        if (header == CORE_HEADER_BYTES) {
            return of(
                    bytes, Short.toUnsignedLong(file.getShort(18)), Short.toUnsignedLong(file.getShort(20)), 24, PLAIN);
        }
        if (header < INFO_HEADER_BYTES) {
            throw new UnusableImageException(
                    String.format(Locale.ROOT, "it cannot be decoded: its header has %d bytes", header));
        }
        if (bytes.length < FILE_HEADER_BYTES + INFO_HEADER_BYTES) {
            throw new UnusableImageException("it is truncated");
        }
        // Rows from top to bottom have a negative number.
        return of(bytes, file.getInt(18), Math.abs((long) file.getInt(22)), 28, file.getInt(30));
    }

    private static BmpFile of(byte[] bytes, long width, long height, int placeOfBits, int compression)
            throws UnusableImageException {
        ImageFile.checkSize(width, height);
        ByteBuffer file = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        long bits = Short.toUnsignedLong(file.getShort(placeOfBits));
        if (compression == PLAIN || compression == MASKS) {
            long row = (width * bits + 31) / 32 * 4;
            long end = Integer.toUnsignedLong(file.getInt(10)) + (height - 1) * row + (width * bits + 7) / 8;
            if (bytes.length < end) {
                throw new UnusableImageException("it is truncated");
            }
        } else if (compression == RUNS_OF_BYTES || compression == RUNS_OF_HALF_BYTES) {
            ImageFile.checkBytes(bytes, width * height, LONGEST_RUN);
        } else {
            throw new UnusableImageException(
                    String.format(Locale.ROOT, "a BMP with compression %d is not supported", compression));
        }
        return new BmpFile(bytes, (int) width, (int) height);
    }

    @Override
    public Resizer.Source decode(int reduction) throws UnusableImageException {
        return DecodedImage.read(
                ImageIO.getImageReadersByFormatName("bmp").next(), bytes, width, height, DecodedImage.Samples.COLORS);
    }
}
