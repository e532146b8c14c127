package org.sftn.data.image;

import java.nio.ByteBuffer;
import java.util.Arrays;
import javax.imageio.ImageIO;

/** @param bytes the whole file; shared, not copied */
record PngFile(byte[] bytes, int width, int height) implements ImageFile {
    private static final int SIGNATURE_BYTES = 8;
    private static final int HEADER_BYTES = 26;
    /** Length, type and checksum. */
    private static final int CHUNK_BYTES = 12;
    /** What deflate makes of a byte, at most. */
    static final int MAX_INFLATION = 1032;

    /** @throws UnusableImageException with the reason */
    static PngFile of(byte[] bytes) throws UnusableImageException {
        if (bytes.length < HEADER_BYTES) {
            throw new UnusableImageException("it is truncated");
        }
        long width = Integer.toUnsignedLong(ByteBuffer.wrap(bytes).getInt(16));
        long height = Integer.toUnsignedLong(ByteBuffer.wrap(bytes).getInt(20));
        ImageFile.checkSize(width, height);
        ImageFile.checkBytes(bytes, height * ((width * bitsOfPixel(bytes) + 7) / 8), MAX_INFLATION);
        return new PngFile(bytes, (int) width, (int) height);
    }

    private static int bitsOfPixel(byte[] png) {
        int samples = switch (png[25]) {
            case 2 -> 3;
            case 4 -> 2;
            case 6 -> 4;
            default -> 1;
        };
        return samples * (png[24] & 0xFF);
    }

    @Override
    public Resizer.Source decode(int reduction) throws UnusableImageException {
        return DecodedImage.read(
                ImageIO.getImageReadersByFormatName("png").next(),
                withoutTexts(bytes),
                width,
                height,
                DecodedImage.Samples.COLORS);
    }

    // The reader would unpack texts and profiles, which may be bombs.
    /** The same PNG with those chunks alone that its pixels depend on. */
    private static byte[] withoutTexts(byte[] png) {
        byte[] out = new byte[png.length];
        int written = SIGNATURE_BYTES;
        System.arraycopy(png, 0, out, 0, written);
        int at = SIGNATURE_BYTES;
        while (at + CHUNK_BYTES <= png.length) {
            long length =
                    CHUNK_BYTES + Integer.toUnsignedLong(ByteBuffer.wrap(png).getInt(at));
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
}
