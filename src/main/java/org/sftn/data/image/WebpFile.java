package org.sftn.data.image;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.stream.Stream;

/**
 * A WebP (RFC 9649), lossy or lossless; of an animation the first frame.
 *
 * @param bytes a file with a single image; shared, not copied
 */
record WebpFile(byte[] bytes, int width, int height) implements ImageFile {
    private static final String LOSSY = "VP8 ";
    private static final String LOSSLESS = "VP8L";
    private static final String EXTENDED = "VP8X";
    private static final String FRAME = "ANMF";
    private static final int FIRST_CHUNK = 12;
    private static final int CHUNK_HEADER_BYTES = 8;
    private static final int FRAME_HEADER_BYTES = 16;
    private static final int ANIMATION = 0x02;
    private static final int FOURTEEN_BITS = 0x3FFF;
    private static final int TWENTY_FOUR_BITS = 0xFFFFFF;

    /** @throws UnusableImageException with the reason */
    static WebpFile of(byte[] bytes) throws UnusableImageException {
        ByteBuffer file = littleEndian(bytes);
        if (bytes.length < CHUNK_HEADER_BYTES + Integer.toUnsignedLong(file.getInt(4))) {
            throw new UnusableImageException("it is truncated");
        }
        Chunk first = Chunk.at(bytes, FIRST_CHUNK, bytes.length);
        if (!first.is(EXTENDED)) {
            return still(bytes, first);
        }
        first.checkHolds(10);
        long width = 1L + (file.getInt(first.start() + 4) & TWENTY_FOUR_BITS);
        // The byte before is of the width.
        long height = 1L + (file.getInt(first.start() + 6) >>> 8);
        ImageFile.checkSize(width, height);
        if ((file.get(first.start()) & ANIMATION) == 0) {
            return new WebpFile(bytes, (int) width, (int) height);
        }
        WebpFile frame = firstFrame(bytes, first);
        if (frame.width != width || frame.height != height) {
            throw new UnusableImageException("a WebP animation whose first frame covers only a part is not supported");
        }
        return frame;
    }

    private static WebpFile firstFrame(byte[] bytes, Chunk header) throws UnusableImageException {
        Chunk frame = Chunk.find(bytes, header.end(), bytes.length, FRAME);
        frame.checkHolds(FRAME_HEADER_BYTES);
        int from = frame.start() + FRAME_HEADER_BYTES;
        Chunk image = Chunk.find(bytes, from, frame.end(), LOSSY, LOSSLESS);
        // Its alpha, which another chunk has, is not wanted.
        int length = image.end() - image.start() + CHUNK_HEADER_BYTES;
        ByteBuffer alone = ByteBuffer.allocate(FIRST_CHUNK + length).order(ByteOrder.LITTLE_ENDIAN);
        alone.put(bytes, 0, FIRST_CHUNK).put(bytes, image.start() - CHUNK_HEADER_BYTES, length);
        alone.putInt(4, 4 + length);
        return still(alone.array(), Chunk.at(alone.array(), FIRST_CHUNK, alone.capacity()));
    }

    private static WebpFile still(byte[] bytes, Chunk image) throws UnusableImageException {
        ByteBuffer file = littleEndian(bytes);
        int width;
        int height;
        if (image.is(LOSSY)) {
            image.checkHolds(10);
            width = file.getShort(image.start() + 6) & FOURTEEN_BITS;
            height = file.getShort(image.start() + 8) & FOURTEEN_BITS;
        } else if (image.is(LOSSLESS)) {
            image.checkHolds(5);
            int sizes = file.getInt(image.start() + 1);
            width = 1 + (sizes & FOURTEEN_BITS);
            height = 1 + (sizes >>> 14 & FOURTEEN_BITS);
        } else {
            throw new UnusableImageException("it cannot be decoded: it has no image");
        }
        ImageFile.checkSize(width, height);
        return new WebpFile(bytes, width, height);
    }

    private static ByteBuffer littleEndian(byte[] bytes) {
        return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    /** A part of a file, without the padding behind it. */
    private record Chunk(String type, int start, int end) {
        static Chunk at(byte[] file, int at, int limit) throws UnusableImageException {
            if (limit < at + CHUNK_HEADER_BYTES) {
                throw new UnusableImageException("it is truncated");
            }
            int start = at + CHUNK_HEADER_BYTES;
            long end = start + Integer.toUnsignedLong(littleEndian(file).getInt(at + 4));
            if (limit < end) {
                throw new UnusableImageException("it is truncated");
            }
            return new Chunk(new String(file, at, 4, StandardCharsets.US_ASCII), start, (int) end);
        }

        /** The first of some types. */
        static Chunk find(byte[] file, int from, int limit, String... types) throws UnusableImageException {
            Chunk chunk = at(file, from + from % 2, limit);
            while (Stream.of(types).noneMatch(chunk::is)) {
                chunk = at(file, chunk.end + chunk.end % 2, limit);
            }
            return chunk;
        }

        boolean is(String name) {
            return type.equals(name);
        }

        void checkHolds(int bytes) throws UnusableImageException {
            if (end - start < bytes) {
                throw new UnusableImageException("it is truncated");
            }
        }
    }

    @Override
    public Resizer.Source decode(int reduction) throws UnusableImageException {
        if (!NativeImage.isAvailable()) {
            throw new UnusableImageException("it is a WebP image: libwebp, which decodes them, does not load here");
        }
        return NativeImage.webp(bytes, width, height)
                .orElseThrow(() -> new UnusableImageException("it cannot be decoded: libwebp does not accept it"));
    }
}
