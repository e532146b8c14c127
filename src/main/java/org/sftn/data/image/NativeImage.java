package org.sftn.data.image;

import java.nio.IntBuffer;
import java.util.Optional;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.IntPointer;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.leptonica.PIX;
import org.bytedeco.leptonica.global.leptonica;
import org.jspecify.annotations.Nullable;
import org.sftn.conf.NativeCode;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A JPEG decoded by libjpeg-turbo or a WebP decoded by libwebp, which Leptonica brings: color profiles are ignored, alpha is dropped and
 * CMYK becomes RGB as in Pillow. Holds native memory until it is closed.
 */
public final class NativeImage implements Resizer.Source {
    private static final Logger LOG = LoggerFactory.getLogger(NativeImage.class);

    /** Loaded once a process; a failed attempt is remembered, too. */
    private static final class Library {
        static final boolean LOADED = load();

        private static boolean load() {
            try {
                NativeCode.folder();
                Loader.load(leptonica.class);
                leptonica.setMsgSeverity(leptonica.L_SEVERITY_NONE);
                return true;
            } catch (LinkageError | RuntimeException e) {
                // Another system, or an older C library: the JDK's decoder is always there.
                LOG.warn(
                        "JPEG files are decoded by the JDK, at 40 to 75 % of the speed and with slightly other pixels: the native decoder cannot be loaded: {}",
                        NativeCode.reason(e));
                return false;
            }
        }
    }

    private static final int GRAY_BITS = 8;

    private final PIX image;
    private final int reduction;
    private final int width;
    private final int height;
    private final boolean gray;
    private final int wordsOfARow;
    private final IntBuffer words;

    private NativeImage(PIX image, int reduction) {
        this.image = image;
        this.reduction = reduction;
        this.width = image.w();
        this.height = image.h();
        this.gray = image.d() == GRAY_BITS;
        this.wordsOfARow = image.wpl();
        this.words = image.data().capacity((long) wordsOfARow * height).asBuffer();
    }

    /** Whether the library runs on this machine. */
    public static boolean isAvailable() {
        return Library.LOADED;
    }

    /**
     * @param header of the file
     * @param reduction 1, 2, 4 or 8: each pixel becomes the mean of so many by so many, taken before the inverse cosine transform
     * @return empty when the library does not run here or is not content with the file, damaged or only unusual
     */
    static Optional<NativeImage> jpeg(byte[] file, JpegHeader header, int reduction) {
        if (!header.isCommon() || !isAvailable()) {
            return Optional.empty();
        }
        PIX image;
        int warned;
        try (BytePointer bytes = new BytePointer(file);
                IntPointer warnings = new IntPointer(1)) {
            image = leptonica.pixReadMemJpeg(bytes, file.length, 0, reduction, warnings, 0);
            warned = warnings.get();
        }
        return of(
                image,
                warned == 0,
                (header.width() + reduction - 1) / reduction,
                (header.height() + reduction - 1) / reduction,
                reduction);
    }

    /**
     * @param file with a single image
     * @param width that the header says
     * @param height that the header says
     * @return empty when the library does not run here or is not content with the file
     */
    static Optional<NativeImage> webp(byte[] file, int width, int height) {
        if (!isAvailable()) {
            return Optional.empty();
        }
        try (BytePointer bytes = new BytePointer(file)) {
            return of(leptonica.pixReadMemWebP(bytes, file.length), true, width, height, 1);
        }
    }

    /** @param image null when the library cannot decode the file */
    private static Optional<NativeImage> of(
            @Nullable PIX image, boolean isWhole, int width, int height, int reduction) {
        if (image == null) {
            return Optional.empty();
        }
        if (!isWhole || image.w() != width || image.h() != height) {
            leptonica.pixDestroy(image);
            return Optional.empty();
        }
        return Optional.of(new NativeImage(image, reduction));
    }

    @Override
    public int width() {
        return width;
    }

    @Override
    public int height() {
        return height;
    }

    @Override
    public int reduction() {
        return reduction;
    }

    @Override
    public void row(int y, int first, int count, int[] pixels) {
        int start = y * wordsOfARow;
        if (!gray) {
            words.get(start + first, pixels, 0, count);
            return;
        }
        // Four pixels a word, the first in the highest bits.
        for (int i = 0; i < count; i++) {
            int x = first + i;
            int value = words.get(start + x / 4) >>> (24 - 8 * (x % 4)) & 0xFF;
            pixels[i] = value * 0x01010100;
        }
    }

    @Override
    public void close() {
        leptonica.pixDestroy(image);
    }
}
