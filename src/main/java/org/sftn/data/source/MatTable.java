package org.sftn.data.source;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.InflaterInputStream;
import org.jspecify.annotations.Nullable;

/**
 * Two columns of an array of structures in a MATLAB file of level 5 (The MathWorks, "MAT-File Format", chapter 1). No more is
 * read, and every length is held to the file's.
 */
final class MatTable {
    private static final int HEADER_BYTES = 128;
    private static final int ENDIAN_AT = 126;
    private static final int TAG_BYTES = 8;
    private static final int MAX_INFLATED_BYTES = 16 << 20;

    private static final int INT8 = 1;
    private static final int UINT8 = 2;
    private static final int INT16 = 3;
    private static final int UINT16 = 4;
    private static final int INT32 = 5;
    private static final int UINT32 = 6;
    private static final int DOUBLE = 9;
    private static final int MATRIX = 14;
    private static final int COMPRESSED = 15;
    private static final int UTF8 = 16;

    private static final int STRUCT_CLASS = 2;

    private MatTable() {}

    /** A piece of the file; its bytes are what is left in the buffer. */
    private record Element(int type, ByteBuffer bytes) {}

    /**
     * @param variable the name of the array
     * @param number the field whose first value becomes the key
     * @param text the field whose text becomes the value
     * @throws IOException when the file is damaged, or holds no such array
     */
    static Map<Integer, String> read(byte[] file, String variable, String number, String text) throws IOException {
        try {
            if (file.length < HEADER_BYTES) {
                throw new IOException("it has no header");
            }
            ByteBuffer in = ByteBuffer.wrap(file);
            in.order(file[ENDIAN_AT] == 'I' ? ByteOrder.LITTLE_ENDIAN : ByteOrder.BIG_ENDIAN);
            in.position(HEADER_BYTES);
            while (in.remaining() >= TAG_BYTES) {
                Element element = next(in);
                if (element.type() == COMPRESSED) {
                    element = next(inflated(element.bytes()));
                }
                if (element.type() == MATRIX) {
                    Map<Integer, String> rows = rows(element.bytes(), variable, number, text);
                    if (rows != null) {
                        return rows;
                    }
                }
            }
            throw new IOException("it holds no structures of this name");
        } catch (BufferUnderflowException e) {
            throw new IOException("it ends early", e);
        }
    }

    private static Element next(ByteBuffer in) throws IOException {
        int type = in.getInt();
        int length;
        boolean small = type >>> 16 != 0;
        if (small) {
            length = type >>> 16;
            type &= 0xFFFF;
        } else {
            length = in.getInt();
        }
        if (length < 0 || length > in.remaining() || small && length > Integer.BYTES) {
            throw new IOException("a part cannot have " + length + " bytes");
        }
        int start = in.position();
        ByteBuffer bytes = in.slice(start, length).order(in.order());
        int padded = small ? Integer.BYTES : type == COMPRESSED ? length : (length + 7) / 8 * 8;
        in.position(Math.min(in.limit(), start + padded));
        return new Element(type, bytes);
    }

    private static ByteBuffer inflated(ByteBuffer compressed) throws IOException {
        byte[] bytes = new byte[compressed.remaining()];
        compressed.get(bytes);
        try (InflaterInputStream in = new InflaterInputStream(new ByteArrayInputStream(bytes))) {
            byte[] all = in.readNBytes(MAX_INFLATED_BYTES + 1);
            if (all.length > MAX_INFLATED_BYTES) {
                throw new IOException("a part unpacks to more than " + MAX_INFLATED_BYTES + " bytes");
            }
            return ByteBuffer.wrap(all).order(compressed.order());
        }
    }

    /** Null when it is another variable. */
    private static @Nullable Map<Integer, String> rows(ByteBuffer in, String variable, String number, String text)
            throws IOException {
        int arrayClass = next(in).bytes().getInt() & 0xFF;
        long rows = 1;
        for (ByteBuffer sizes = next(in).bytes(); sizes.hasRemaining(); ) {
            // Each row takes a tag at least.
            rows = Math.min(Integer.MAX_VALUE, rows * Math.max(0, sizes.getInt()));
        }
        if (!ascii(next(in).bytes()).equals(variable) || arrayClass != STRUCT_CLASS) {
            return null;
        }
        int nameLength = next(in).bytes().getInt();
        List<String> names = new ArrayList<>();
        ByteBuffer allNames = next(in).bytes();
        while (nameLength > 0 && allNames.remaining() >= nameLength) {
            names.add(ascii(allNames.slice(allNames.position(), nameLength)));
            allNames.position(allNames.position() + nameLength);
        }
        if (!names.contains(number) || !names.contains(text)) {
            throw new IOException("its structures have the fields " + names);
        }
        Map<Integer, String> found = new HashMap<>();
        for (long row = 0; row < rows; row++) {
            int key = 0;
            String value = "";
            for (String name : names) {
                ByteBuffer field = next(in).bytes();
                if (name.equals(number)) {
                    key = (int) value(data(field));
                } else if (name.equals(text)) {
                    value = text(data(field));
                }
            }
            found.put(key, value);
        }
        return found;
    }

    /** What follows a matrix's class, size and name. */
    private static Element data(ByteBuffer matrix) throws IOException {
        for (int i = 0; i < 3; i++) {
            next(matrix);
        }
        return next(matrix);
    }

    private static double value(Element data) throws IOException {
        ByteBuffer in = data.bytes();
        return switch (data.type()) {
            case INT8 -> in.get();
            case UINT8 -> in.get() & 0xFF;
            case INT16 -> in.getShort();
            case UINT16 -> in.getShort() & 0xFFFF;
            case INT32, UINT32 -> in.getInt();
            case DOUBLE -> in.getDouble();
            default -> throw new IOException("a number of type " + data.type());
        };
    }

    private static String text(Element data) throws IOException {
        return switch (data.type()) {
            case INT8, UINT8, UTF8 ->
                StandardCharsets.UTF_8.decode(data.bytes()).toString();
            case UINT16 -> data.bytes().asCharBuffer().toString();
            default -> throw new IOException("a text of type " + data.type());
        };
    }

    /** Up to a zero. */
    private static String ascii(ByteBuffer bytes) {
        String all = StandardCharsets.ISO_8859_1.decode(bytes).toString();
        int end = all.indexOf('\0');
        return end < 0 ? all : all.substring(0, end);
    }
}
