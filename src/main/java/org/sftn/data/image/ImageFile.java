package org.sftn.data.image;

import java.util.Locale;

/**
 * An image file whose header has been read: JPEG, PNG, BMP, PBM, PGM, PPM, TIFF or WebP, whatever its name says. Of several images in
 * a file it is the first.
 *
 * <p>The pixels are those that Pillow's {@code convert("RGB")} gives: gray is repeated, alpha dropped, CMYK converted by the plain
 * formula; color profiles and EXIF's orientation are ignored, a TIFF's orientation is not. In one thing they are not Pillow's:
 * 16 bits are cut to 8 in gray images as well, which Pillow makes white.
 */
public interface ImageFile {
    /** Longer files are refused. */
    int MAX_FILE_BYTES = 64 << 20;
    /** Why they are. */
    String TOO_LONG = "it is longer than " + MAX_FILE_BYTES + " bytes";
    /** Larger images are refused. */
    long MAX_PIXELS = 64L << 20;
    /** Wider or higher images are refused; it is as much as a JPEG can have. */
    int MAX_SIDE = 65_535;
    /** Images whose pixels take more bytes as they are in the file are refused. */
    long MAX_BYTES = 256L << 20;

    int width();

    int height();

    /**
     * @param reduction 1, 2, 4 or 8: so many times fewer rows and columns are enough; where the native library does not run, and
     *     of other files than JPEGs, the pixels are the file's all the same
     * @throws UnusableImageException with the reason
     */
    Resizer.Source decode(int reduction) throws UnusableImageException;

    /**
     * Reads the header and allocates nothing for the pixels.
     *
     * @param name for the log
     * @throws UnusableImageException with the reason
     */
    static ImageFile open(String name, byte[] bytes) throws UnusableImageException {
        if (bytes.length == 0) {
            throw new UnusableImageException("it is empty");
        }
        if (startsWith(bytes, 0, 0xFF, 0xD8, 0xFF)) {
            return JpegFile.of(name, bytes);
        }
        if (startsWith(bytes, 0, 0x89, 'P', 'N', 'G')) {
            return PngFile.of(bytes);
        }
        if (startsWith(bytes, 0, 'B', 'M')) {
            return BmpFile.of(bytes);
        }
        if (startsWith(bytes, 0, 'I', 'I', 42, 0) || startsWith(bytes, 0, 'M', 'M', 0, 42)) {
            return TiffFile.of(name, bytes);
        }
        if (startsWith(bytes, 0, 'R', 'I', 'F', 'F') && startsWith(bytes, 8, 'W', 'E', 'B', 'P')) {
            return WebpFile.of(bytes);
        }
        if (PnmFile.isOne(bytes)) {
            return PnmFile.of(bytes);
        }
        throw new UnusableImageException("it is not a JPEG, PNG, BMP, PBM, PGM, PPM, TIFF or WebP image");
    }

    private static boolean startsWith(byte[] file, int at, int... magic) {
        if (file.length < at + magic.length) {
            return false;
        }
        for (int i = 0; i < magic.length; i++) {
            if ((file[at + i] & 0xFF) != magic[i]) {
                return false;
            }
        }
        return true;
    }

    /** Before memory is taken for pixels. */
    static void checkSize(long width, long height) throws UnusableImageException {
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
     * Before memory is taken for pixels that are too large, or that the file cannot hold.
     *
     * @param pixels bytes of the pixels
     * @param inflation bytes that a byte of the file gives, at most
     */
    static void checkBytes(byte[] file, long pixels, long inflation) throws UnusableImageException {
        if (pixels > MAX_BYTES) {
            throw new UnusableImageException(
                    String.format(Locale.ROOT, "its pixels take %d bytes, more than %d", pixels, MAX_BYTES));
        }
        if (file.length < pixels / inflation) {
            throw new UnusableImageException("it is truncated");
        }
    }
}
