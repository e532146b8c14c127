package org.sftn.data.image;

import com.twelvemonkeys.imageio.plugins.tiff.TIFFImageReaderSpi;
import java.io.ByteArrayOutputStream;
import java.util.Arrays;
import java.util.Locale;
import java.util.stream.LongStream;

/**
 * A TIFF (TIFF 6.0, not BigTIFF): gray of 1, 2, 4, 8 or 16 bits, palettes of 1, 2, 4 or 8, RGB and CMYK of 8 or 16, YCbCr of 8; in
 * strips or tiles; plain or packed by runs, LZW, deflate, JPEG or as a fax. Other kinds are refused by name.
 *
 * @param name for the log
 * @param bytes the whole file; shared, not copied
 * @param parts strips or tiles
 * @param compression that the file names
 * @param colors that the file names: its photometric interpretation
 * @param samples of a pixel
 * @param orientation 1 to 8; 1 where the first row is the top and the first column the left
 */
record TiffFile(
        String name,
        byte[] bytes,
        TiffDirectory directory,
        Parts parts,
        int compression,
        int colors,
        int samples,
        int orientation)
        implements ImageFile {
    private static final int PLAIN = 1;
    private static final int HUFFMAN_RUNS = 2;
    private static final int T4 = 3;
    private static final int T6 = 4;
    private static final int LZW = 5;
    private static final int JPEG = 7;
    private static final int DEFLATE = 8;
    private static final int OLD_DEFLATE = 32_946;
    private static final int PACK_BITS = 32_773;

    private static final int WHITE_IS_ZERO = 0;
    private static final int BLACK_IS_ZERO = 1;
    private static final int RGB = 2;
    private static final int PALETTE = 3;
    private static final int CMYK = 5;
    private static final int YCBCR = 6;

    private static final int UNSIGNED = 1;
    private static final int UNKNOWN = 4;
    private static final int WEIGHTING_ALPHA = 1;
    private static final int MAX_SAMPLES = 8;
    private static final int MAX_PARTS = 1 << 18;

    /**
     * Strips or tiles, row by row.
     *
     * @param width of the image
     * @param height of the image
     * @param partWidth of a tile; of a strip the image's
     * @param partHeight of a tile or strip
     * @param planes 1, or where each sample has parts of its own, their number
     */
    record Parts(int width, int height, int partWidth, int partHeight, int planes, long[] offsets, long[] lengths) {
        static Parts of(TiffDirectory directory, int width, int height, int planes) throws UnusableImageException {
            boolean tiles = directory.has(TiffDirectory.TILE_OFFSETS);
            long partWidth = tiles ? directory.number(TiffDirectory.TILE_WIDTH) : width;
            long partHeight = tiles
                    ? directory.number(TiffDirectory.TILE_LENGTH)
                    : Math.min(height, directory.number(TiffDirectory.ROWS_PER_STRIP, height));
            ImageFile.checkSize(partWidth, partHeight);
            Parts parts = new Parts(
                    width,
                    height,
                    (int) partWidth,
                    (int) partHeight,
                    planes,
                    directory.numbers(tiles ? TiffDirectory.TILE_OFFSETS : TiffDirectory.STRIP_OFFSETS),
                    directory.numbers(tiles ? TiffDirectory.TILE_BYTE_COUNTS : TiffDirectory.STRIP_BYTE_COUNTS));
            long count = (long) planes * parts.across() * parts.down();
            if (count > MAX_PARTS) {
                throw unusable("it has %d parts, more than %d", count, MAX_PARTS);
            }
            if (parts.offsets.length < count) {
                throw unusable("it has %d parts and places of %d", count, parts.offsets.length);
            }
            return parts;
        }

        int across() {
            return (width + partWidth - 1) / partWidth;
        }

        int down() {
            return (height + partHeight - 1) / partHeight;
        }

        int left(int part) {
            return part % across() * partWidth;
        }

        int top(int part) {
            return part / across() % down() * partHeight;
        }

        /** Columns of a part that the image has. */
        int columns(int part) {
            return Math.min(partWidth, width - left(part));
        }

        /** Rows of a part that the image has. */
        int rows(int part) {
            return Math.min(partHeight, height - top(part));
        }

        /** @param plainBits of a pixel in a part that is not packed; 0 for packed ones */
        void check(byte[] file, int plainBits) throws UnusableImageException {
            int count = planes * across() * down();
            if (plainBits == 0 && lengths.length < count) {
                throw unusable("it has %d parts and lengths of %d", count, lengths.length);
            }
            for (int i = 0; i < count; i++) {
                long length = plainBits == 0 ? lengths[i] : rows(i) * (((long) partWidth * plainBits + 7) / 8);
                if (file.length < offsets[i] + length) {
                    throw new UnusableImageException("it is truncated");
                }
            }
        }
    }

    /** @throws UnusableImageException with the reason */
    static TiffFile of(String name, byte[] bytes) throws UnusableImageException {
        TiffDirectory directory = TiffDirectory.of(bytes);
        long width = directory.number(TiffDirectory.IMAGE_WIDTH);
        long height = directory.number(TiffDirectory.IMAGE_LENGTH);
        ImageFile.checkSize(width, height);
        int compression = (int) directory.number(TiffDirectory.COMPRESSION, PLAIN);
        int colors = (int) directory.number(TiffDirectory.PHOTOMETRIC_INTERPRETATION);
        int samples = (int) directory.number(TiffDirectory.SAMPLES_PER_PIXEL, 1);
        int bits = (int) directory.number(TiffDirectory.BITS_PER_SAMPLE, 1);
        checkKind(directory, compression, colors, samples, bits);
        boolean planes = directory.number(TiffDirectory.PLANAR_CONFIGURATION, 1) != 1 && samples > 1;
        int bitsOfPixel = planes ? bits : bits * samples;
        // Of YCbCr's three samples two may be rare.
        long inflation = colors == YCBCR ? 3 * inflation(compression) : inflation(compression);
        ImageFile.checkBytes(bytes, height * ((width * bits * samples + 7) / 8), inflation);
        Parts parts = Parts.of(directory, (int) width, (int) height, planes ? samples : 1);
        parts.check(bytes, compression == PLAIN && colors != YCBCR ? bitsOfPixel : 0);
        int orientation = (int) directory.number(TiffDirectory.ORIENTATION, 1);
        return new TiffFile(
                name,
                bytes,
                directory,
                parts,
                compression,
                colors,
                samples,
                orientation < 1 || orientation > 8 ? 1 : orientation);
    }

    private static void checkKind(TiffDirectory directory, int compression, int colors, int samples, int bits)
            throws UnusableImageException {
        boolean fax = compression == HUFFMAN_RUNS || compression == T4 || compression == T6;
        boolean known = fax
                || compression == PLAIN
                || compression == LZW
                || compression == JPEG
                || compression == DEFLATE
                || compression == OLD_DEFLATE
                || compression == PACK_BITS;
        if (!known) {
            throw unsupported("compression %d", compression);
        }
        if (LongStream.of(directory.numbers(TiffDirectory.SAMPLE_FORMAT))
                .anyMatch(kind -> kind != UNSIGNED && kind != UNKNOWN)) {
            throw unsupported("samples that are no unsigned integers");
        }
        if (LongStream.of(directory.numbers(TiffDirectory.BITS_PER_SAMPLE)).anyMatch(each -> each != bits)) {
            throw unsupported("samples of several sizes");
        }
        int needed = switch (colors) {
            case WHITE_IS_ZERO, BLACK_IS_ZERO, PALETTE -> 1;
            case RGB, YCBCR -> 3;
            case CMYK -> 4;
            default -> throw unsupported("photometric interpretation %d", colors);
        };
        boolean small = bits == 1 || bits == 2 || bits == 4;
        boolean sized =
                bits == 8 || bits == 16 && colors != PALETTE && colors != YCBCR || small && needed == 1 && samples == 1;
        boolean exact =
                samples == needed || samples > needed && samples <= MAX_SAMPLES && colors != PALETTE && colors != YCBCR;
        boolean inJpeg = bits == 8
                && samples == needed
                && (colors == BLACK_IS_ZERO || colors == RGB || colors == YCBCR)
                && (samples == 1 || directory.number(TiffDirectory.PLANAR_CONFIGURATION, 1) == 1);
        boolean packed = (!fax || bits == 1) && (compression != JPEG || inJpeg);
        boolean weightedGray = needed == 1 && directory.number(TiffDirectory.EXTRA_SAMPLES, 0) == WEIGHTING_ALPHA;
        if (!sized || !exact || !packed || weightedGray) {
            throw unsupported(
                    "photometric interpretation %d, compression %d and %d samples of %d bits",
                    colors, compression, samples, bits);
        }
        if (colors == PALETTE && directory.numbers(TiffDirectory.COLOR_MAP).length != 3 << bits) {
            throw unusable("its palette has another length than 3 times %d", 1 << bits);
        }
    }

    private static long inflation(int compression) {
        return switch (compression) {
            case PLAIN -> 1;
            case PACK_BITS -> 64;
            // A code of 12 bits stands for fewer than 4096 bytes.
            case LZW -> 4096 * 8 / 12;
            case DEFLATE, OLD_DEFLATE -> PngFile.MAX_INFLATION;
            case JPEG -> JpegFile.MAX_PIXELS_A_BYTE;
            // A row of any length is a bit.
            default -> MAX_BYTES;
        };
    }

    private static UnusableImageException unusable(String reason, Object... arguments) {
        return new UnusableImageException("it cannot be decoded: " + String.format(Locale.ROOT, reason, arguments));
    }

    private static UnusableImageException unsupported(String kind, Object... arguments) {
        return new UnusableImageException(
                "a TIFF with " + String.format(Locale.ROOT, kind, arguments) + " is not supported");
    }

    @Override
    public int width() {
        return isOnItsSide() ? parts.height : parts.width;
    }

    @Override
    public int height() {
        return isOnItsSide() ? parts.width : parts.height;
    }

    private boolean isOnItsSide() {
        return orientation > 4;
    }

    @Override
    public Resizer.Source decode(int reduction) throws UnusableImageException {
        Resizer.Source image = compression == JPEG ? jpegs() : byLibrary();
        return orientation == 1 ? image : new Turned(image, orientation);
    }

    private Resizer.Source byLibrary() throws UnusableImageException {
        DecodedImage.Samples kind = DecodedImage.Samples.COLORS;
        if (colors == CMYK) {
            kind = DecodedImage.Samples.INKS;
        } else if (colors == RGB && directory.number(TiffDirectory.EXTRA_SAMPLES, 0) == WEIGHTING_ALPHA) {
            kind = DecodedImage.Samples.WEIGHTED_COLORS;
        }
        // Other fields and directories may be bombs, and a profile would change the colors.
        byte[] alone = directory.alone();
        return DecodedImage.read(
                new TIFFImageReaderSpi().createReaderInstance(null), alone, parts.width, parts.height, kind);
    }

    // The reader would take whichever JPEG reader ImageIO finds first.
    private Resizer.Source jpegs() throws UnusableImageException {
        byte[] values = new byte[3 * parts.width * parts.height];
        int[] line = new int[parts.partWidth];
        for (int i = 0; i < parts.across() * parts.down(); i++) {
            JpegFile part = JpegFile.of(name, jpeg(i));
            int rows = parts.rows(i);
            int columns = parts.columns(i);
            if (part.header().components() != samples
                    || part.width() < columns
                    || part.width() > parts.partWidth
                    || part.height() < rows
                    || part.height() > parts.partHeight) {
                throw unusable("a part of it is of another kind than the whole");
            }
            try (Resizer.Source pixels = part.decode(1)) {
                for (int y = 0; y < rows; y++) {
                    pixels.row(y, 0, columns, line);
                    int at = 3 * ((parts.top(i) + y) * parts.width + parts.left(i));
                    for (int x = 0; x < columns; x++) {
                        values[at++] = (byte) (line[x] >>> 24);
                        values[at++] = (byte) (line[x] >>> 16);
                        values[at++] = (byte) (line[x] >>> 8);
                    }
                }
            }
        }
        return new PackedImage(values, 0, parts.width, parts.height, 3);
    }

    // What colors they are the TIFF says, and a JPEG in Adobe's segment.
    /** A part as a file of its own. */
    private byte[] jpeg(int i) {
        byte[] tables = directory.bytes(TiffDirectory.JPEG_TABLES);
        byte[] part = Arrays.copyOfRange(bytes, (int) parts.offsets[i], (int) (parts.offsets[i] + parts.lengths[i]));
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.writeBytes(new byte[] {(byte) 0xFF, (byte) 0xD8});
        if (samples == 3) {
            byte transform = (byte) (colors == YCBCR ? 1 : 0);
            out.writeBytes(
                    new byte[] {(byte) 0xFF, (byte) 0xEE, 0, 14, 'A', 'd', 'o', 'b', 'e', 0, 100, 0, 0, 0, 0, transform
                    });
        }
        // Without their start and end.
        out.write(tables, Math.min(2, tables.length), Math.max(0, tables.length - 4));
        out.write(part, Math.min(2, part.length), Math.max(0, part.length - 2));
        return out.toByteArray();
    }

    /** An image whose first row is not the top, or whose first column is not the left. */
    private record Turned(Resizer.Source image, int orientation) implements Resizer.Source {
        @Override
        public int width() {
            return orientation > 4 ? image.height() : image.width();
        }

        @Override
        public int height() {
            return orientation > 4 ? image.width() : image.height();
        }

        @Override
        public int reduction() {
            return image.reduction();
        }

        @Override
        public void row(int y, int first, int count, int[] pixels) {
            boolean fromTheRight = orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
            boolean fromBelow = orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
            int[] pixel = new int[1];
            for (int i = 0; i < count; i++) {
                int column = orientation > 4 ? y : first + i;
                int row = orientation > 4 ? first + i : y;
                image.row(
                        fromBelow ? image.height() - 1 - row : row,
                        fromTheRight ? image.width() - 1 - column : column,
                        1,
                        pixel);
                pixels[i] = pixel[0];
            }
        }

        @Override
        public void close() {
            image.close();
        }
    }
}
