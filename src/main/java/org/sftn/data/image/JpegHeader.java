package org.sftn.data.image;

import java.util.Locale;

/**
 * What a JPEG's frame header says (ITU-T T.81, B.2.2), read before anything is allocated for its pixels.
 *
 * @param process the frame's marker: 0xC0 baseline, 0xC1 extended, 0xC2 progressive, more are rare
 * @param precision bits of a sample
 * @param width pixels, at least 1
 * @param height pixels, at least 1
 * @param components 1 for gray, 3 for color, 4 for CMYK and YCCK
 * @param scans over the pixels, at most
 * @param isEnded whether an end marker follows; a truncated file has none
 */
record JpegHeader(int process, int precision, int width, int height, int components, int scans, boolean isEnded) {
    private static final int BASELINE = 0xC0;
    private static final int PROGRESSIVE = 0xC2;
    private static final int SCAN = 0xDA;
    private static final int END = 0xD9;

    /** Whether libjpeg decodes it to 8 bits, with Huffman's code. */
    boolean isCommon() {
        return process >= BASELINE
                && process <= PROGRESSIVE
                && precision == 8
                && (components == 1 || components == 3 || components == 4);
    }

    /** @throws UnusableImageException when there is no frame header */
    static JpegHeader of(byte[] file) throws UnusableImageException {
        int at = 2;
        while (at + 3 < file.length) {
            int marker = file[at + 1] & 0xFF;
            if (file[at] != (byte) 0xFF || marker == 0xFF || marker == 0) {
                // Decoders look for the next marker, too.
                at++;
            } else if (marker >= 0xD0 && marker <= 0xD8 || marker == 0x01) {
                at += 2;
            } else if (marker == END || marker == SCAN) {
                break;
            } else if (isFrame(marker)) {
                return frame(file, at, marker);
            } else {
                at += 2 + Math.max(2, word(file, at + 2));
            }
        }
        throw new UnusableImageException("it cannot be decoded: it has no frame header");
    }

    private static boolean isFrame(int marker) {
        return marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC;
    }

    private static JpegHeader frame(byte[] file, int at, int marker) throws UnusableImageException {
        if (at + 10 > file.length) {
            throw new UnusableImageException("it cannot be decoded: its frame header is cut off");
        }
        int components = file[at + 9] & 0xFF;
        JpegHeader header = new JpegHeader(
                marker,
                file[at + 4] & 0xFF,
                word(file, at + 7),
                word(file, at + 5),
                components,
                scans(file, at, marker, components),
                isEnded(file, at));
        if (header.width < 1 || header.height < 1) {
            throw new UnusableImageException(String.format(
                    Locale.ROOT, "it cannot be decoded: it has %d x %d pixels", header.width, header.height));
        }
        return header;
    }

    /** A sequential frame whose first scan has all components ends with it; of others, all that could begin a scan. */
    private static int scans(byte[] file, int frame, int marker, int components) {
        int scans = 0;
        for (int at = frame; at + 4 < file.length; at++) {
            if (file[at] == (byte) 0xFF && (file[at + 1] & 0xFF) == SCAN) {
                scans++;
                if (scans == 1 && marker != PROGRESSIVE && (file[at + 4] & 0xFF) == components) {
                    break;
                }
            }
        }
        return scans;
    }

    // From the end, where it stands except for what some programs append.
    private static boolean isEnded(byte[] file, int frame) {
        for (int at = file.length - 2; at > frame; at--) {
            if (file[at] == (byte) 0xFF && (file[at + 1] & 0xFF) == END) {
                return true;
            }
        }
        return false;
    }

    private static int word(byte[] file, int at) {
        return (file[at] & 0xFF) << 8 | (file[at + 1] & 0xFF);
    }
}
