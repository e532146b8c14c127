package org.sftn.data.shard;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Collections;
import java.util.Map;
import java.util.Objects;
import org.apache.hadoop.conf.Configuration;
import org.apache.parquet.format.ColumnChunk;
import org.apache.parquet.format.FileMetaData;
import org.apache.parquet.format.RowGroup;
import org.apache.parquet.format.Util;
import org.apache.parquet.hadoop.ParquetFileWriter;
import org.apache.parquet.hadoop.ParquetWriter;
import org.apache.parquet.hadoop.api.WriteSupport;
import org.apache.parquet.hadoop.metadata.CompressionCodecName;
import org.apache.parquet.io.OutputFile;
import org.apache.parquet.io.PositionOutputStream;
import org.apache.parquet.io.api.RecordConsumer;
import org.apache.parquet.schema.MessageType;
import org.jspecify.annotations.Nullable;

/**
 * Writes rows as one Parquet file. Equal rows give equal bytes: Parquet writes a column's set of encodings in the order of their
 * identity hash codes, which differs between processes, so the footer is put in order. Nothing is compressed: images do not gain
 * by it, compressors' output depends on their version, and native ones are not in the jar.
 */
public final class ParquetRows<T> implements AutoCloseable {
    // Readers, Parquet's own among them, hold a row group in memory.
    private static final long ROW_GROUP_BYTES = 32 << 20;

    private final ParquetWriter<T> parquet;
    private final HeldFooter file;

    /** Writes the fields of a row. */
    @FunctionalInterface
    public interface Fields<T> {
        void write(T row, RecordConsumer out);
    }

    /**
     * @param out stays open
     * @param dictionaries whether values that come again are written once
     */
    public ParquetRows(
            OutputStream out, MessageType schema, boolean dictionaries, Fields<T> fields, Configuration hadoop)
            throws IOException {
        file = new HeldFooter(out);
        parquet = new Builder<>(file, new Rows<>(schema, fields, file::hold))
                .withConf(hadoop)
                .withCompressionCodec(CompressionCodecName.UNCOMPRESSED)
                .withDictionaryEncoding(dictionaries)
                .withRowGroupSize(ROW_GROUP_BYTES)
                .build();
    }

    /** @param row shared, not copied */
    public void write(T row) throws IOException {
        parquet.write(row);
    }

    @Override
    public void close() throws IOException {
        parquet.close();
    }

    private static final class Builder<T> extends ParquetWriter.Builder<T, Builder<T>> {
        private final Rows<T> rows;

        Builder(OutputFile file, Rows<T> rows) {
            super(file);
            this.rows = rows;
        }

        @Override
        protected Builder<T> self() {
            return this;
        }

        // Deprecated, but abstract.
        @Override
        @SuppressWarnings("deprecation")
        protected WriteSupport<T> getWriteSupport(Configuration hadoop) {
            return rows;
        }
    }

    private static final class Rows<T> extends WriteSupport<T> {
        private final MessageType schema;
        private final Fields<T> fields;
        private final Runnable beforeFooter;
        /** Null until Parquet prepares for writing. */
        private @Nullable RecordConsumer out;

        Rows(MessageType schema, Fields<T> fields, Runnable beforeFooter) {
            this.schema = schema;
            this.fields = fields;
            this.beforeFooter = beforeFooter;
        }

        // Deprecated, but abstract.
        @Override
        @SuppressWarnings("deprecation")
        public WriteContext init(Configuration hadoop) {
            return new WriteContext(schema, Map.of());
        }

        @Override
        public void prepareForWrite(RecordConsumer consumer) {
            out = consumer;
        }

        @Override
        public void write(T row) {
            RecordConsumer message = Objects.requireNonNull(out, "Parquet prepares for writing before it writes");
            message.startMessage();
            fields.write(row, message);
            message.endMessage();
        }

        @Override
        public FinalizedWriteContext finalizeWrite() {
            beforeFooter.run();
            return super.finalizeWrite();
        }
    }

    /** Passes a file on to a stream, its end in order. */
    private static final class HeldFooter implements OutputFile {
        private final OutputStream out;
        private long passed;
        /** Null until it is held. */
        private @Nullable ByteArrayOutputStream end;

        HeldFooter(OutputStream out) {
            this.out = out;
        }

        /** What follows is the end of the file: the footer, and what Parquet puts before it. */
        void hold() {
            end = new ByteArrayOutputStream();
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
        public PositionOutputStream create(long blockSizeHint) {
            return new PositionOutputStream() {
                @Override
                public long getPos() {
                    return end == null ? passed : passed + end.size();
                }

                @Override
                public void write(int value) throws IOException {
                    write(new byte[] {(byte) value}, 0, 1);
                }

                @Override
                public void write(byte[] source, int offset, int length) throws IOException {
                    if (end == null) {
                        out.write(source, offset, length);
                        passed += length;
                    } else {
                        end.write(source, offset, length);
                    }
                }

                @Override
                public void close() throws IOException {
                    if (end != null) {
                        out.write(inOrder(end.toByteArray()));
                    }
                }
            };
        }

        @Override
        public PositionOutputStream createOrOverwrite(long blockSizeHint) {
            return create(blockSizeHint);
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
