package org.sftn.data.image;

import java.util.Locale;

/**
 * A PBM, PGM or PPM (netpbm's P1 to P6), the first image of it.
 *
 * @param bytes the whole file; shared, not copied
 * @param form 1 to 3 for bits, gray and colors as texts, 4 to 6 for the same as bytes
 * @param highest value of a sample, 1 to 65535
 * @param start of the samples
 */
record PnmFile(byte[] bytes, int form, int width, int height, int highest, int start) implements ImageFile {
    private static final int MAX_HIGHEST = 65_535;
    private static final int MAX_DIGITS = 10;
    private static final int WHITE = 255;

    /** Whether a file begins as one of them. */
    static boolean isOne(byte[] file) {
        return file.length > 2
                && file[0] == 'P'
                && file[1] >= '1'
                && file[1] <= '6'
                && (isSpace(file[2]) || file[2] == '#');
    }

    /** @throws UnusableImageException with the reason */
    static PnmFile of(byte[] bytes) throws UnusableImageException {
        int form = bytes[1] - '0';
        Reading header = new Reading(bytes, 2);
        long width = header.number();
        long height = header.number();
        ImageFile.checkSize(width, height);
        long highest = isBits(form) ? 1 : header.number();
        if (highest < 1 || highest > MAX_HIGHEST) {
            throw new UnusableImageException(
                    String.format(Locale.ROOT, "it cannot be decoded: its highest value is %d", highest));
        }
        PnmFile file = new PnmFile(bytes, form, (int) width, (int) height, (int) highest, header.at);
        if (bytes.length - file.start < file.leastBytes()) {
            throw new UnusableImageException("it is truncated");
        }
        return file;
    }

    private static boolean isBits(int form) {
        return form == 1 || form == 4;
    }

    private int bands() {
        return form % 3 == 0 ? 3 : 1;
    }

    private int bytesOfSample() {
        return highest > WHITE ? 2 : 1;
    }

    private long samples() {
        return (long) width * height * bands();
    }

    private long leastBytes() {
        return switch (form) {
            case 1 -> samples();
            // A space between two.
            case 2, 3 -> 2 * samples() - 1;
            case 4 -> (width + 7L) / 8 * height;
            default -> samples() * bytesOfSample();
        };
    }

    @Override
    public Resizer.Source decode(int reduction) throws UnusableImageException {
        if (form > 4 && highest == WHITE) {
            return new PackedImage(bytes, start, width, height, bands());
        }
        byte[] values = new byte[(int) samples()];
        switch (form) {
            case 1 -> plainBits(values);
            case 2, 3 -> plain(values);
            case 4 -> bits(values);
            default -> binary(values);
        }
        return new PackedImage(values, 0, width, height, bands());
    }

    private void bits(byte[] values) {
        int rowBytes = (width + 7) / 8;
        for (int i = 0; i < values.length; i++) {
            int x = i % width;
            boolean black = (bytes[start + i / width * rowBytes + x / 8] >> (7 - x % 8) & 1) == 1;
            values[i] = (byte) (black ? 0 : WHITE);
        }
    }

    private void binary(byte[] values) {
        int each = bytesOfSample();
        for (int i = 0; i < values.length; i++) {
            int at = start + i * each;
            int value = each == 1 ? bytes[at] & 0xFF : (bytes[at] & 0xFF) << 8 | bytes[at + 1] & 0xFF;
            values[i] = scaled(Math.min(value, highest));
        }
    }

    private void plain(byte[] values) throws UnusableImageException {
        Reading reading = new Reading(bytes, start);
        for (int i = 0; i < values.length; i++) {
            long value = reading.number();
            if (value > highest) {
                throw new UnusableImageException(String.format(
                        Locale.ROOT, "it cannot be decoded: a value is %d, more than %d", value, highest));
            }
            values[i] = scaled((int) value);
        }
    }

    private void plainBits(byte[] values) throws UnusableImageException {
        Reading reading = new Reading(bytes, start);
        for (int i = 0; i < values.length; i++) {
            int digit = reading.next();
            if (digit != '0' && digit != '1') {
                throw new UnusableImageException("it cannot be decoded: a bit is neither 0 nor 1");
            }
            values[i] = (byte) (digit == '1' ? 0 : WHITE);
        }
    }

    // As Python's round, which Pillow uses, takes halves to the even number.
    private byte scaled(int value) {
        return (byte) Math.rint((double) value / highest * WHITE);
    }

    private static boolean isSpace(int character) {
        return character == ' ' || character >= '\t' && character <= '\r';
    }

    /** Texts between spaces and comments. */
    private static final class Reading {
        private final byte[] file;
        private int at;

        Reading(byte[] file, int at) {
            this.file = file;
            this.at = at;
        }

        /** The next character that is neither a space nor in a comment. */
        int next() throws UnusableImageException {
            boolean comment = false;
            while (at < file.length) {
                int character = file[at++];
                if (comment) {
                    comment = character != '\n' && character != '\r';
                } else if (character == '#') {
                    comment = true;
                } else if (!isSpace(character)) {
                    return character;
                }
            }
            throw new UnusableImageException("it is truncated");
        }

        /** The next number; the character behind it is passed over, too. */
        long number() throws UnusableImageException {
            long number = 0;
            int digits = 0;
            for (int character = next(); !isSpace(character); character = at < file.length ? file[at++] : ' ') {
                digits++;
                if (character < '0' || character > '9' || digits > MAX_DIGITS) {
                    throw new UnusableImageException("it cannot be decoded: where a number should be there is none");
                }
                number = 10 * number + character - '0';
            }
            return number;
        }
    }
}
