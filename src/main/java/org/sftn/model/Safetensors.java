package org.sftn.model;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.sftn.conf.Printable;
import org.sftn.nn.Shape;
import org.sftn.nn.Tensor;

/**
 * Named float tensors in the safetensors format (huggingface/safetensors): a little-endian length, a JSON header, the values.
 * The one format of weights and checkpoints; PyTorch users can read it. Only {@code F32} is written.
 *
 * @param tensors by name, in the order of the values in the file
 * @param metadata free text by key
 */
public record Safetensors(Map<String, Tensor> tensors, Map<String, String> metadata) {
    private static final ObjectMapper JSON = new ObjectMapper()
            .enable(
                    DeserializationFeature.FAIL_ON_READING_DUP_TREE_KEY,
                    DeserializationFeature.FAIL_ON_TRAILING_TOKENS);
    private static final String METADATA = "__metadata__";
    private static final int MAX_HEADER = 4 << 20;
    private static final int CHUNK = 1 << 20;
    private static final int HEADER_BYTES_A_TENSOR = 256;
    /** Of PyTorch's batch-norm: how many batches its running statistics have seen. */
    private static final String COUNTER = "num_batches_tracked";

    /** What a file may hold, by the format's name. */
    private enum Type {
        F32(4),
        F16(2),
        BF16(2),
        I64(8);

        private final int bytes;

        Type(int bytes) {
            this.bytes = bytes;
        }
    }

    public Safetensors {
        tensors = Collections.unmodifiableMap(new LinkedHashMap<>(tensors));
        metadata = Collections.unmodifiableMap(new LinkedHashMap<>(metadata));
    }

    /** Enough for what {@link #write} writes, in bytes, with names of usual length. */
    public long estimatedBytes() {
        return tensors.values().stream()
                        .mapToLong(tensor -> (long) Float.BYTES * tensor.values().length)
                        .sum()
                + (long) HEADER_BYTES_A_TENSOR * (tensors.size() + metadata.size() + 1);
    }

    /** Writes everything and leaves the stream open. The same content gives the same bytes. */
    public void write(OutputStream out) throws IOException {
        Map<String, LazyTensor> made = new LinkedHashMap<>();
        tensors.forEach((name, tensor) -> made.put(name, LazyTensor.of(tensor)));
        write(out, made, metadata);
    }

    /** The same, each tensor made when its turn has come. */
    public static void write(OutputStream out, Map<String, LazyTensor> tensors, Map<String, String> metadata)
            throws IOException {
        ObjectNode header = JSON.createObjectNode();
        if (!metadata.isEmpty()) {
            header.set(METADATA, JSON.valueToTree(metadata));
        }
        long offset = 0;
        for (Map.Entry<String, LazyTensor> entry : tensors.entrySet()) {
            Shape shape = entry.getValue().shape();
            ObjectNode node = header.putObject(entry.getKey());
            node.put("dtype", "F32");
            node.set("shape", JSON.valueToTree(shape.dimensions()));
            long end = offset + 4L * shape.elements();
            node.putArray("data_offsets").add(offset).add(end);
            offset = end;
        }
        byte[] json = JSON.writeValueAsString(header).getBytes(StandardCharsets.UTF_8);
        // The format asks for values aligned to 8 bytes; spaces after the JSON are part of the header.
        int padded = (json.length + 7) / 8 * 8;
        ByteBuffer start = ByteBuffer.allocate(8 + padded).order(ByteOrder.LITTLE_ENDIAN);
        start.putLong(padded).put(json);
        while (start.hasRemaining()) {
            start.put((byte) ' ');
        }
        out.write(start.array());
        ByteBuffer chunk = ByteBuffer.allocate(CHUNK).order(ByteOrder.LITTLE_ENDIAN);
        for (LazyTensor tensor : tensors.values()) {
            float[] values = tensor.make().values();
            for (int from = 0; from < values.length; from += CHUNK / 4) {
                int count = Math.min(CHUNK / 4, values.length - from);
                chunk.asFloatBuffer().put(values, from, count);
                out.write(chunk.array(), 0, 4 * count);
            }
        }
    }

    /**
     * @param length of the whole file in bytes
     * @throws IOException when the file is not a safetensors file of this length, or holds something else than F32
     */
    public static Safetensors read(InputStream in, long length) throws IOException {
        return read(in, length, EnumSet.of(Type.F32));
    }

    /**
     * As {@link #read}, of a file that PyTorch wrote: {@code F16} and {@code BF16} become the same numbers in {@code F32}, and the
     * {@code I64} counters {@code num_batches_tracked} are left out.
     *
     * @throws IOException also when the file holds tensors of another kind
     */
    public static Safetensors readWidened(InputStream in, long length) throws IOException {
        return read(in, length, EnumSet.allOf(Type.class));
    }

    private static Safetensors read(InputStream in, long length, Set<Type> accepted) throws IOException {
        ByteBuffer start = ByteBuffer.wrap(exactly(in, 8)).order(ByteOrder.LITTLE_ENDIAN);
        long headerLength = start.getLong();
        if (headerLength < 2 || headerLength > MAX_HEADER || headerLength > length - 8) {
            throw new IOException(
                    "not a safetensors file: a header of " + headerLength + " bytes in a file of " + length);
        }
        JsonNode header;
        try {
            header = JSON.readTree(exactly(in, (int) headerLength));
        } catch (EOFException e) {
            throw e;
        } catch (IOException e) {
            throw new IOException("not a safetensors file: the header is no JSON", e);
        }
        if (header == null || !header.isObject()) {
            throw new IOException("not a safetensors file: the header is no JSON object");
        }
        Map<String, String> metadata = new LinkedHashMap<>();
        List<Entry> entries = new ArrayList<>();
        for (Iterator<Map.Entry<String, JsonNode>> fields = header.fields(); fields.hasNext(); ) {
            Map.Entry<String, JsonNode> field = fields.next();
            if (field.getKey().equals(METADATA)) {
                field.getValue()
                        .fields()
                        .forEachRemaining(
                                e -> metadata.put(e.getKey(), e.getValue().asText()));
            } else {
                entries.add(Entry.parse(field.getKey(), field.getValue(), accepted));
            }
        }
        entries.sort((a, b) -> Long.compare(a.begin, b.begin));
        long offset = 0;
        for (Entry entry : entries) {
            if (entry.begin != offset || entry.end - entry.begin != (long) entry.type.bytes * entry.shape.elements()) {
                throw new IOException("tensor '" + Printable.of(entry.name) + "' of " + entry.shape + " cannot lie at "
                        + entry.begin + " to " + entry.end);
            }
            offset = entry.end;
        }
        if (offset != length - 8 - headerLength) {
            throw new IOException("the header promises " + offset + " bytes of values, the file holds "
                    + (length - 8 - headerLength));
        }
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        for (Entry entry : entries) {
            if (entry.type == Type.I64) {
                in.skipNBytes(entry.end - entry.begin);
            } else {
                tensors.put(entry.name, new Tensor(entry.shape, floats(in, entry.type, entry.shape.elements())));
            }
        }
        return new Safetensors(tensors, metadata);
    }

    private record Entry(String name, Type type, Shape shape, long begin, long end) {
        static Entry parse(String name, JsonNode node, Set<Type> accepted) throws IOException {
            Type type = type(name, node, accepted);
            JsonNode offsets = node.path("data_offsets");
            if (type == null || !node.path("shape").isArray() || offsets.size() != 2) {
                throw new IOException(String.format(
                        Locale.ROOT,
                        "tensor '%s' is no %s tensor with a shape and offsets: %s",
                        Printable.of(name),
                        accepted.contains(Type.F16) ? "F32, F16 or BF16" : Type.F32,
                        Printable.of(node.toString())));
            }
            List<Integer> dimensions = new ArrayList<>();
            node.path("shape").forEach(d -> dimensions.add(d.isInt() ? d.intValue() : -1));
            if (type == Type.I64 && dimensions.isEmpty()) {
                dimensions.add(1);
            }
            try {
                Shape shape = new Shape(dimensions);
                shape.elements();
                return new Entry(name, type, shape, offset(offsets.get(0)), offset(offsets.get(1)));
            } catch (IllegalArgumentException | ArithmeticException e) {
                throw new IOException(
                        String.format(
                                Locale.ROOT,
                                "tensor '%s' cannot have the shape %s",
                                Printable.of(name),
                                Printable.of(node.path("shape").toString())),
                        e);
            }
        }

        /** Null for what is not accepted. */
        private static @Nullable Type type(String name, JsonNode node, Set<Type> accepted) {
            String given = node.path("dtype").asText();
            return accepted.stream()
                    .filter(type -> type.name().equals(given) && (type != Type.I64 || name.endsWith(COUNTER)))
                    .findFirst()
                    .orElse(null);
        }

        private static long offset(JsonNode node) {
            return node.isIntegralNumber() && node.canConvertToLong() ? node.longValue() : -1;
        }
    }

    private static float[] floats(InputStream in, Type type, int count) throws IOException {
        float[] values = new float[count];
        for (int from = 0; from < count; from += CHUNK / type.bytes) {
            int part = Math.min(CHUNK / type.bytes, count - from);
            ByteBuffer bytes = ByteBuffer.wrap(exactly(in, type.bytes * part)).order(ByteOrder.LITTLE_ENDIAN);
            if (type == Type.F32) {
                bytes.asFloatBuffer().get(values, from, part);
            } else {
                for (int i = from; i < from + part; i++) {
                    short bits = bytes.getShort();
                    values[i] = type == Type.BF16 ? Float.intBitsToFloat(bits << 16) : half(bits);
                }
            }
        }
        return values;
    }

    /** The number that IEEE 754's binary16 writes so. */
    private static float half(short bits) {
        int exponent = bits >> 10 & 0x1F;
        int fraction = bits & 0x3FF;
        float size = switch (exponent) {
            case 0 -> Math.scalb((float) fraction, -24);
            case 0x1F -> fraction == 0 ? Float.POSITIVE_INFINITY : Float.NaN;
            default -> Math.scalb((float) (0x400 | fraction), exponent - 25);
        };
        return bits < 0 ? -size : size;
    }

    private static byte[] exactly(InputStream in, int count) throws IOException {
        byte[] bytes = in.readNBytes(count);
        if (bytes.length != count) {
            throw new EOFException("the file ends after " + bytes.length + " of " + count + " bytes");
        }
        return bytes;
    }
}
