package org.sftn.data.shard;

import java.io.IOException;
import java.io.Serializable;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.util.stream.IntStream;
import java.util.zip.CRC32C;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.Path;
import org.apache.parquet.format.Type;
import org.apache.parquet.io.api.Binary;
import org.apache.parquet.io.api.RecordConsumer;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.MessageTypeParser;
import org.jspecify.annotations.Nullable;
import org.sftn.conf.HadoopFiles;
import org.sftn.conf.Printable;
import org.sftn.conf.Sha256;

/**
 * The Parquet layout of a shard: {@code image} binary, {@code label} int, {@code name} string, {@code crc32c} int, the checksum of
 * label and image. An image's index in its split is that of the shard's first image plus its row.
 */
public final class ShardFile {
    private static final MessageType SCHEMA =
            MessageTypeParser.parseMessageType("message sample { required binary image;"
                    + " required int32 label; required binary name (UTF8); required int32 crc32c; }");

    private ShardFile() {}

    /** One image. */
    public record Row(int label, String name, byte[] image) {
        int crc32c() {
            CRC32C crc = new CRC32C();
            crc.update(ByteBuffer.allocate(Integer.BYTES).putInt(0, label));
            crc.update(image);
            return (int) crc.getValue();
        }
    }

    /** What was written. */
    record Written(long bytes, String sha256) implements Serializable {}

    /** Equal samples give equal files. */
    public static final class Writer implements AutoCloseable {
        private final FSDataOutputStream out;
        private final MessageDigest digest = Sha256.digest();
        private final ParquetRows<Row> rows;

        public Writer(Path path, Configuration hadoop) throws IOException {
            out = path.getFileSystem(hadoop).create(path, true);
            // Images do not gain by dictionaries.
            rows = new ParquetRows<>(new DigestOutputStream(out, digest), SCHEMA, false, Writer::fields, hadoop);
        }

        /** @param image shared, not copied */
        public void write(int label, String name, byte[] image) throws IOException {
            rows.write(new Row(label, name, image));
        }

        private static void fields(Row row, RecordConsumer out) {
            field("image", out, () -> out.addBinary(Binary.fromConstantByteArray(row.image())));
            field("label", out, () -> out.addInteger(row.label()));
            field("name", out, () -> out.addBinary(Binary.fromString(row.name())));
            field("crc32c", out, () -> out.addInteger(row.crc32c()));
        }

        private static void field(String name, RecordConsumer out, Runnable value) {
            int field = SCHEMA.getFieldIndex(name);
            out.startField(name, field);
            value.run();
            out.endField(name, field);
        }

        /** See {@link HadoopFiles#giveUp}. */
        void giveUp() {
            HadoopFiles.giveUp(out);
        }

        @Override
        public void close() throws IOException {
            try (out) {
                rows.close();
            }
        }

        /** After {@link #close}. */
        Written written() {
            return new Written(out.getPos(), Sha256.hex(digest.digest()));
        }
    }

    /** Reads the images in the order in which they were written. */
    public static final class Reader implements AutoCloseable {
        /** The columns of a row group, at one row. */
        private record Group(
                ShardColumns.Column labels,
                ShardColumns.Column names,
                ShardColumns.Column checksums,
                ShardColumns.Column images) {}

        private final ShardColumns columns;
        private int number = -1;
        private long left;
        /** Null before the first. */
        private @Nullable Group group;

        public Reader(Path path, Configuration hadoop) throws IOException {
            columns = ShardColumns.open(path, hadoop);
        }

        /**
         * @return null after the last one
         * @throws DamagedException when the checksum is another
         */
        public @Nullable Row read() throws IOException {
            Group at = next();
            if (at == null) {
                return null;
            }
            int label = at.labels().nextInt();
            String name = Printable.of(new String(at.names().nextBytes(), StandardCharsets.UTF_8));
            int checksum = at.checksums().nextInt();
            Row row = new Row(label, name, at.images().nextBytes());
            if (row.crc32c() != checksum) {
                throw new DamagedException(row.name());
            }
            return row;
        }

        /** @return false when there is none */
        public boolean skip() throws IOException {
            Group at = next();
            if (at == null) {
                return false;
            }
            at.labels().nextInt();
            at.names().nextBytes();
            at.checksums().nextInt();
            at.images().nextBytes();
            return true;
        }

        /** The group of the next row; null after the last one. */
        private @Nullable Group next() throws IOException {
            while (left == 0) {
                number++;
                if (number >= columns.groups()) {
                    return null;
                }
                left = columns.rows(number);
                group = new Group(
                        columns.column(number, "label", Type.INT32),
                        columns.column(number, "name", Type.BYTE_ARRAY),
                        columns.column(number, "crc32c", Type.INT32),
                        columns.column(number, "image", Type.BYTE_ARRAY));
            }
            left--;
            return group;
        }

        @Override
        public void close() throws IOException {
            columns.close();
        }
    }

    /** One image is not what was written; those after it can be read. */
    public static final class DamagedException extends IOException {
        private static final long serialVersionUID = 1L;

        DamagedException(String name) {
            super(name + " is not what was written");
        }
    }

    /** The labels of all images, in their order; reads nothing else. */
    public static int[] labels(Path path, Configuration hadoop) throws IOException {
        IntStream.Builder labels = IntStream.builder();
        try (ShardColumns columns = ShardColumns.open(path, hadoop)) {
            for (int group = 0; group < columns.groups(); group++) {
                ShardColumns.Column column = columns.column(group, "label", Type.INT32);
                for (long i = 0; i < columns.rows(group); i++) {
                    labels.add(column.nextInt());
                }
            }
        }
        return labels.build().toArray();
    }
}
