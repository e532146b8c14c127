package org.sftn.data.image;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/** What the first directory of a TIFF says of the pixels (TIFF 6.0, section 2), read before anything is allocated for these. */
final class TiffDirectory {
    static final int IMAGE_WIDTH = 256;
    static final int IMAGE_LENGTH = 257;
    static final int BITS_PER_SAMPLE = 258;
    static final int COMPRESSION = 259;
    static final int PHOTOMETRIC_INTERPRETATION = 262;
    static final int FILL_ORDER = 266;
    static final int STRIP_OFFSETS = 273;
    static final int ORIENTATION = 274;
    static final int SAMPLES_PER_PIXEL = 277;
    static final int ROWS_PER_STRIP = 278;
    static final int STRIP_BYTE_COUNTS = 279;
    static final int PLANAR_CONFIGURATION = 284;
    static final int T4_OPTIONS = 292;
    static final int T6_OPTIONS = 293;
    static final int PREDICTOR = 317;
    static final int COLOR_MAP = 320;
    static final int TILE_WIDTH = 322;
    static final int TILE_LENGTH = 323;
    static final int TILE_OFFSETS = 324;
    static final int TILE_BYTE_COUNTS = 325;
    static final int EXTRA_SAMPLES = 338;
    static final int SAMPLE_FORMAT = 339;
    static final int JPEG_TABLES = 347;
    static final int YCBCR_COEFFICIENTS = 529;
    static final int YCBCR_SUBSAMPLING = 530;
    static final int YCBCR_POSITIONING = 531;
    static final int REFERENCE_BLACK_WHITE = 532;

    private static final Set<Integer> NUMBERS = Set.of(
            IMAGE_WIDTH,
            IMAGE_LENGTH,
            BITS_PER_SAMPLE,
            COMPRESSION,
            PHOTOMETRIC_INTERPRETATION,
            FILL_ORDER,
            STRIP_OFFSETS,
            ORIENTATION,
            SAMPLES_PER_PIXEL,
            ROWS_PER_STRIP,
            STRIP_BYTE_COUNTS,
            PLANAR_CONFIGURATION,
            T4_OPTIONS,
            T6_OPTIONS,
            PREDICTOR,
            COLOR_MAP,
            TILE_WIDTH,
            TILE_LENGTH,
            TILE_OFFSETS,
            TILE_BYTE_COUNTS,
            EXTRA_SAMPLES,
            SAMPLE_FORMAT,
            YCBCR_SUBSAMPLING,
            YCBCR_POSITIONING);
    private static final Set<Integer> FRACTIONS = Set.of(YCBCR_COEFFICIENTS, REFERENCE_BLACK_WHITE);

    private static final int BYTE = 1;
    private static final int SHORT = 3;
    private static final int LONG = 4;
    private static final int FRACTION = 5;
    private static final int UNDEFINED = 7;
    /** Bytes of a value, by type. */
    private static final Map<Integer, Integer> LENGTHS = Map.of(BYTE, 1, SHORT, 2, LONG, 4, FRACTION, 8, UNDEFINED, 1);

    private static final int ENTRY_BYTES = 12;
    private static final int INLINE_BYTES = 4;
    private static final int MAX_VALUES = 1 << 18;

    /** @param at where its values begin in the file */
    private record Field(int type, int count, int at) {
        int length() {
            return count * LENGTHS.get(type);
        }
    }

    private final byte[] bytes;
    /** The same. */
    private final ByteBuffer file;

    private final SortedMap<Integer, Field> fields = new TreeMap<>();

    private TiffDirectory(byte[] bytes, ByteOrder order) {
        this.bytes = bytes;
        this.file = ByteBuffer.wrap(bytes).order(order);
    }

    /** @throws UnusableImageException with the reason */
    static TiffDirectory of(byte[] bytes) throws UnusableImageException {
        TiffDirectory directory =
                new TiffDirectory(bytes, bytes[0] == 'I' ? ByteOrder.LITTLE_ENDIAN : ByteOrder.BIG_ENDIAN);
        ByteBuffer file = directory.file;
        directory.check(4, INLINE_BYTES);
        long start = Integer.toUnsignedLong(file.getInt(4));
        directory.check(start, 2);
        int entries = Short.toUnsignedInt(file.getShort((int) start));
        directory.check(start + 2, (long) ENTRY_BYTES * entries);
        for (int i = 0; i < entries; i++) {
            directory.add((int) start + 2 + ENTRY_BYTES * i);
        }
        return directory;
    }

    private void check(long at, long length) throws UnusableImageException {
        if (at + length > bytes.length) {
            throw new UnusableImageException("it is truncated");
        }
    }

    private void add(int entry) throws UnusableImageException {
        int tag = Short.toUnsignedInt(file.getShort(entry));
        int type = Short.toUnsignedInt(file.getShort(entry + 2));
        long count = Integer.toUnsignedLong(file.getInt(entry + 4));
        boolean number = NUMBERS.contains(tag) && (type == BYTE || type == SHORT || type == LONG);
        boolean other = FRACTIONS.contains(tag) && type == FRACTION
                || tag == JPEG_TABLES && (type == UNDEFINED || type == BYTE);
        if (!number && !other) {
            if (NUMBERS.contains(tag)) {
                throw unusable("its field %d has values of type %d", tag, type);
            }
            return;
        }
        if (count < 1 || count > MAX_VALUES) {
            throw unusable("its field %d has %d values", tag, count);
        }
        long length = count * LENGTHS.get(type);
        long at = length <= INLINE_BYTES ? entry + 8 : Integer.toUnsignedLong(file.getInt(entry + 8));
        check(at, length);
        fields.putIfAbsent(tag, new Field(type, (int) count, (int) at));
    }

    private static UnusableImageException unusable(String reason, Object... arguments) {
        return new UnusableImageException("it cannot be decoded: " + String.format(Locale.ROOT, reason, arguments));
    }

    boolean has(int tag) {
        return fields.containsKey(tag);
    }

    /** The values of a field of whole numbers; none when it is absent. */
    long[] numbers(int tag) {
        Field field = fields.get(tag);
        long[] values = new long[field == null ? 0 : field.count];
        for (int i = 0; i < values.length; i++) {
            values[i] = switch (field.type) {
                case BYTE -> Byte.toUnsignedLong(file.get(field.at + i));
                case SHORT -> Short.toUnsignedLong(file.getShort(field.at + 2 * i));
                default -> Integer.toUnsignedLong(file.getInt(field.at + 4 * i));
            };
        }
        return values;
    }

    /** The first value of a field of whole numbers. */
    long number(int tag, long absent) {
        return has(tag) ? numbers(tag)[0] : absent;
    }

    /** @throws UnusableImageException when the field is absent */
    long number(int tag) throws UnusableImageException {
        if (!has(tag)) {
            throw unusable("its field %d is missing", tag);
        }
        return numbers(tag)[0];
    }

    /** A field's values as they are in the file; none when it is absent. */
    byte[] bytes(int tag) {
        Field field = fields.get(tag);
        return field == null ? new byte[0] : Arrays.copyOfRange(bytes, field.at, field.at + field.length());
    }

    /** The file with another directory, at its end, which has these fields alone. */
    byte[] alone() {
        int start = bytes.length + bytes.length % 2;
        int values = start + 2 + ENTRY_BYTES * fields.size() + INLINE_BYTES;
        int length = values
                + fields.values().stream()
                        .mapToInt(Field::length)
                        .filter(bytes -> bytes > INLINE_BYTES)
                        .sum();
        ByteBuffer out = ByteBuffer.allocate(length).order(file.order());
        out.put(bytes).putInt(4, start).position(start);
        out.putShort((short) fields.size());
        for (Map.Entry<Integer, Field> entry : fields.entrySet()) {
            Field field = entry.getValue();
            out.putShort(entry.getKey().shortValue())
                    .putShort((short) field.type)
                    .putInt(field.count);
            int at = out.position();
            if (field.length() > INLINE_BYTES) {
                out.putInt(at, values);
                out.put(values, bytes, field.at, field.length());
                values += field.length();
            } else {
                out.put(at, bytes, field.at, field.length());
            }
            out.position(at + INLINE_BYTES);
        }
        return out.array();
    }
}
