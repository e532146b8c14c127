package org.sftn.data;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.Serializable;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Collections;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.zip.CRC32C;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.Path;
import org.apache.parquet.format.ColumnChunk;
import org.apache.parquet.format.FileMetaData;
import org.apache.parquet.format.RowGroup;
import org.apache.parquet.format.Type;
import org.apache.parquet.format.Util;
import org.apache.parquet.hadoop.ParquetFileWriter;
import org.apache.parquet.hadoop.ParquetWriter;
import org.apache.parquet.hadoop.api.WriteSupport;
import org.apache.parquet.hadoop.metadata.CompressionCodecName;
import org.apache.parquet.io.OutputFile;
import org.apache.parquet.io.PositionOutputStream;
import org.apache.parquet.io.api.Binary;
import org.apache.parquet.io.api.RecordConsumer;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.MessageTypeParser;
import org.sftn.conf.HadoopFiles;
import org.sftn.conf.Printable;

/**
 * The Parquet layout of a shard: {@code image} binary, {@code label} int, {@code name} string, {@code crc32c} int, the checksum of
 * label and image. An image's index in its split is that of the shard's first image plus its row.
 */
final class ShardFile {
    private static final MessageType SCHEMA =
            MessageTypeParser.parseMessageType("message sample { required binary image;"
                    + " required int32 label; required binary name (UTF8); required int32 crc32c; }");
    // Parquet's own readers hold a row group in memory.
    private static final int ROW_GROUP_BYTES = 32 << 20;

    private ShardFile() {}

    /** One image. */
    record Row(int label, String name, byte[] image) {
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
    static final class Writer implements AutoCloseable {
        private final HashedFile file;
        private final ParquetWriter<Row> parquet;

        Writer(Path path, Configuration hadoop) throws IOException {
            file = new HashedFile(path, hadoop);
            // Neither compression nor dictionaries: images do not gain by them, and compressors' output depends on
            // their version.
            parquet = new Builder(file)
                    .withConf(hadoop)
                    .withCompressionCodec(CompressionCodecName.UNCOMPRESSED)
                    .withDictionaryEncoding(false)
                    .withRowGroupSize((long) ROW_GROUP_BYTES)
                    .build();
        }

        /** @param image shared, not copied */
        void write(int label, String name, byte[] image) throws IOException {
            parquet.write(new Row(label, name, image));
        }

        /** See {@link HadoopFiles#giveUp}. */
        void giveUp() {
            HadoopFiles.giveUp(file.out);
        }

        @Override
        public void close() throws IOException {
            parquet.close();
        }

        /** After {@link #close}. */
        Written written() {
            return file.written();
        }
    }

    private static final class Builder extends ParquetWriter.Builder<Row, Builder> {
        private final Runnable beforeFooter;

        Builder(HashedFile file) {
            super(file);
            beforeFooter = file::holdFooter;
        }

        @Override
        protected Builder self() {
            return this;
        }

        // Deprecated, but abstract.
        @Override
        @SuppressWarnings("deprecation")
        protected WriteSupport<Row> getWriteSupport(Configuration hadoop) {
            return new SampleWriter(beforeFooter);
        }
    }

    private static final class SampleWriter extends WriteSupport<Row> {
        private final Runnable beforeFooter;
        private RecordConsumer out;

        SampleWriter(Runnable beforeFooter) {
            this.beforeFooter = beforeFooter;
        }

        // Deprecated, but abstract.
        @Override
        @SuppressWarnings("deprecation")
        public WriteContext init(Configuration hadoop) {
            return new WriteContext(SCHEMA, Map.of());
        }

        @Override
        public void prepareForWrite(RecordConsumer consumer) {
            out = consumer;
        }

        @Override
        public void write(Row row) {
            out.startMessage();
            field("image", () -> out.addBinary(Binary.fromConstantByteArray(row.image())));
            field("label", () -> out.addInteger(row.label()));
            field("name", () -> out.addBinary(Binary.fromString(row.name())));
            field("crc32c", () -> out.addInteger(row.crc32c()));
            out.endMessage();
        }

        @Override
        public FinalizedWriteContext finalizeWrite() {
            beforeFooter.run();
            return super.finalizeWrite();
        }

        private void field(String name, Runnable value) {
            int field = SCHEMA.getFieldIndex(name);
            out.startField(name, field);
            value.run();
            out.endField(name, field);
        }
    }

    /** Reads the images in the order in which they were written. */
    static final class Reader implements AutoCloseable {
        private final ShardColumns columns;
        private int group = -1;
        private long left;
        private ShardColumns.Column labels;
        private ShardColumns.Column names;
        private ShardColumns.Column checksums;
        private ShardColumns.Column images;

        Reader(Path path, Configuration hadoop) throws IOException {
            columns = ShardColumns.open(path, hadoop);
        }

        /**
         * @return null after the last one
         * @throws DamagedException when the checksum is another
         */
        Row read() throws IOException {
            if (!toNext()) {
                return null;
            }
            int label = labels.nextInt();
            String name = Printable.of(new String(names.nextBytes(), StandardCharsets.UTF_8));
            int checksum = checksums.nextInt();
            Row row = new Row(label, name, images.nextBytes());
            if (row.crc32c() != checksum) {
                throw new DamagedException(row.name());
            }
            return row;
        }

        /** @return false when there is none */
        boolean skip() throws IOException {
            if (!toNext()) {
                return false;
            }
            labels.nextInt();
            names.nextBytes();
            checksums.nextInt();
            images.nextBytes();
            return true;
        }

        private boolean toNext() throws IOException {
            while (left == 0) {
                group++;
                if (group >= columns.groups()) {
                    return false;
                }
                left = columns.rows(group);
                labels = columns.column(group, "label", Type.INT32);
                names = columns.column(group, "name", Type.BYTE_ARRAY);
                checksums = columns.column(group, "crc32c", Type.INT32);
                images = columns.column(group, "image", Type.BYTE_ARRAY);
            }
            left--;
            return true;
        }

        @Override
        public void close() throws IOException {
            columns.close();
        }
    }

    /** One image is not what was written; those after it can be read. */
    static final class DamagedException extends IOException {
        private static final long serialVersionUID = 1L;

        DamagedException(String name) {
            super(name + " is not what was written");
        }
    }

    /** The labels of all images, in their order; reads nothing else. */
    static int[] labels(Path path, Configuration hadoop) throws IOException {
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

    /**
     * A new file whose bytes are counted and hashed on their way. Its footer is put in order: Parquet writes a column's set of
     * encodings in the order of their identity hash codes, which differs between processes.
     */
    private static final class HashedFile implements OutputFile {
        private final Path path;
        private final Configuration hadoop;
        private final MessageDigest digest = Sha256.digest();
        private FSDataOutputStream out;
        private long bytes;
        private ByteArrayOutputStream footer;

        HashedFile(Path path, Configuration hadoop) {
            this.path = path;
            this.hadoop = hadoop;
        }

        Written written() {
            return new Written(bytes, Sha256.hex(digest.digest()));
        }

        /** What follows is the end of the file: the footer, and what Parquet puts before it. */
        void holdFooter() {
            footer = new ByteArrayOutputStream();
        }

        /** @param end of the file; since Parquet 1.11 indexes come before the footer */
        private static byte[] inOrder(byte[] end) throws IOException {
            int lengthAt = end.length - Integer.BYTES - ParquetFileWriter.MAGIC.length;
            int length = ByteBuffer.wrap(end).order(ByteOrder.LITTLE_ENDIAN).getInt(lengthAt);
            int start = lengthAt - length;
            FileMetaData metadata = Util.readFileMetaData(new ByteArrayInputStream(end, start, length));
            for (RowGroup group : metadata.getRow_groups()) {
                for (ColumnChunk column : group.getColumns()) {
                    Collections.sort(column.getMeta_data().getEncodings());
                }
            }
            ByteArrayOutputStream ordered = new ByteArrayOutputStream();
            ordered.write(end, 0, start);
            Util.writeFileMetaData(metadata, ordered);
            // The order does not change the length; the footer's length and Parquet's mark follow.
            ordered.write(end, lengthAt, end.length - lengthAt);
            return ordered.toByteArray();
        }

        @Override
        public PositionOutputStream create(long blockSizeHint) throws IOException {
            out = path.getFileSystem(hadoop).create(path, true);
            return new PositionOutputStream() {
                @Override
                public long getPos() {
                    return footer == null ? bytes : bytes + footer.size();
                }

                @Override
                public void write(int value) throws IOException {
                    write(new byte[] {(byte) value}, 0, 1);
                }

                @Override
                public void write(byte[] source, int offset, int length) throws IOException {
                    if (footer == null) {
                        pass(source, offset, length);
                    } else {
                        footer.write(source, offset, length);
                    }
                }

                private void pass(byte[] source, int offset, int length) throws IOException {
                    out.write(source, offset, length);
                    digest.update(source, offset, length);
                    bytes += length;
                }

                @Override
                public void flush() throws IOException {
                    out.flush();
                }

                @Override
                public void close() throws IOException {
                    try (FSDataOutputStream closed = out) {
                        if (footer != null) {
                            byte[] ordered = inOrder(footer.toByteArray());
                            pass(ordered, 0, ordered.length);
                        }
                    }
                }
            };
        }

        @Override
        public PositionOutputStream createOrOverwrite(long blockSizeHint) throws IOException {
            throw new IOException(path + " is written once");
        }

        @Override
        public boolean supportsBlockSize() {
            return false;
        }

        @Override
        public long defaultBlockSize() {
            return 0;
        }
    }
}
