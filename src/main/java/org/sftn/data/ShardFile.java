package org.sftn.data;

import java.io.IOException;
import java.io.Serializable;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.Path;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.hadoop.ParquetReader;
import org.apache.parquet.hadoop.ParquetWriter;
import org.apache.parquet.hadoop.api.WriteSupport;
import org.apache.parquet.hadoop.example.GroupReadSupport;
import org.apache.parquet.hadoop.metadata.CompressionCodecName;
import org.apache.parquet.io.OutputFile;
import org.apache.parquet.io.PositionOutputStream;
import org.apache.parquet.io.api.Binary;
import org.apache.parquet.io.api.RecordConsumer;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.MessageTypeParser;

/** The Parquet layout of a shard: {@code image} binary, {@code label} int, {@code name} string, {@code index} long. */
final class ShardFile {
    private static final MessageType SCHEMA =
            MessageTypeParser.parseMessageType("message sample { required binary image;"
                    + " required int32 label; required binary name (UTF8); required int64 index; }");
    // A reader holds a row group in memory.
    private static final int ROW_GROUP_BYTES = 32 << 20;

    private ShardFile() {}

    /** What was written. */
    record Written(long bytes, String sha256) implements Serializable {}

    /** Equal samples give equal files. */
    static final class Writer implements AutoCloseable {
        private final HashedFile file;
        private final ParquetWriter<Sample> parquet;

        Writer(Path path, Configuration hadoop) throws IOException {
            file = new HashedFile(path, hadoop);
            // Neither compression nor dictionaries: images do not gain by them, and compressors' output depends on
            // their version.
            parquet = new Builder(file)
                    .withConf(hadoop)
                    .withCompressionCodec(CompressionCodecName.UNCOMPRESSED)
                    .withDictionaryEncoding(false)
                    .withRowGroupSize(ROW_GROUP_BYTES)
                    .build();
        }

        void write(Sample sample) throws IOException {
            parquet.write(sample);
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

    private static final class Builder extends ParquetWriter.Builder<Sample, Builder> {
        Builder(OutputFile file) {
            super(file);
        }

        @Override
        protected Builder self() {
            return this;
        }

        @Override
        protected WriteSupport<Sample> getWriteSupport(Configuration hadoop) {
            return new SampleWriter();
        }
    }

    private static final class SampleWriter extends WriteSupport<Sample> {
        private RecordConsumer out;

        @Override
        public WriteContext init(Configuration hadoop) {
            return new WriteContext(SCHEMA, Map.of());
        }

        @Override
        public void prepareForWrite(RecordConsumer consumer) {
            out = consumer;
        }

        @Override
        public void write(Sample sample) {
            out.startMessage();
            field("image", () -> out.addBinary(Binary.fromConstantByteArray(sample.image())));
            field("label", () -> out.addInteger(sample.label()));
            field("name", () -> out.addBinary(Binary.fromString(sample.name())));
            field("index", () -> out.addLong(sample.index()));
            out.endMessage();
        }

        private void field(String name, Runnable value) {
            int field = SCHEMA.getFieldIndex(name);
            out.startField(name, field);
            value.run();
            out.endField(name, field);
        }
    }

    /** Reads the samples in the order in which they were written. */
    static final class Reader implements AutoCloseable {
        private final ParquetReader<Group> parquet;

        Reader(Path path, Configuration hadoop) throws IOException {
            parquet = ParquetReader.builder(new GroupReadSupport(), path)
                    .withConf(hadoop)
                    .build();
        }

        /** @return null after the last one */
        Sample read() throws IOException {
            Group group = parquet.read();
            if (group == null) {
                return null;
            }
            return new Sample(
                    group.getLong("index", 0),
                    group.getInteger("label", 0),
                    group.getString("name", 0),
                    group.getBinary("image", 0).getBytes());
        }

        @Override
        public void close() throws IOException {
            parquet.close();
        }
    }

    /** A new file whose bytes are counted and hashed on their way. */
    private static final class HashedFile implements OutputFile {
        private final Path path;
        private final Configuration hadoop;
        private final MessageDigest digest = Sha256.digest();
        private long bytes;

        HashedFile(Path path, Configuration hadoop) {
            this.path = path;
            this.hadoop = hadoop;
        }

        Written written() {
            return new Written(bytes, Sha256.hex(digest.digest()));
        }

        @Override
        public PositionOutputStream create(long blockSizeHint) throws IOException {
            FSDataOutputStream out = path.getFileSystem(hadoop).create(path, false);
            return new PositionOutputStream() {
                @Override
                public long getPos() {
                    return bytes;
                }

                @Override
                public void write(int value) throws IOException {
                    write(new byte[] {(byte) value}, 0, 1);
                }

                @Override
                public void write(byte[] source, int offset, int length) throws IOException {
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
                    out.close();
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

    /** A sample's part in its split's digest, which is the sum of these: it does not depend on the order of adding. */
    static byte[] digest(Sample sample) {
        MessageDigest digest = Sha256.digest();
        digest.update(ByteBuffer.allocate(Long.BYTES + Integer.BYTES)
                .putLong(sample.index())
                .putInt(sample.label())
                .array());
        return digest.digest(sample.image());
    }
}
