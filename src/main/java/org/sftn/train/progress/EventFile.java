package org.sftn.train.progress;

import com.google.protobuf.CodedOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Locale;
import java.util.Map;
import java.util.zip.CRC32C;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FSError;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.LocalFileSystem;
import org.apache.hadoop.fs.Path;
import org.jspecify.annotations.Nullable;
import org.sftn.conf.HadoopFiles;

/**
 * A TensorBoard event file of scalars on any Hadoop file system. BigDL's writer knows local paths and {@code hdfs:} only, and
 * closes the file system that Spark shares with it.
 */
public final class EventFile implements AutoCloseable {
    // Field numbers of tensorflow.Event, Summary, Summary.Value and SessionLog.
    private static final int WALL_TIME = 1;
    private static final int STEP = 2;
    private static final int FILE_VERSION = 3;
    private static final int SUMMARY = 5;
    private static final int SESSION_LOG = 7;
    private static final int VALUE = 1;
    private static final int TAG = 1;
    private static final int SIMPLE_VALUE = 2;
    private static final int STATUS = 1;
    private static final int START = 1;
    private static final int CRC_MASK = 0xa282ead8;

    private final Path path;
    private final Configuration hadoop;
    /** Null where nobody can read what is not closed. */
    private final @Nullable FSDataOutputStream flushed;
    /** The whole file, there. */
    private final ByteArrayOutputStream kept = new ByteArrayOutputStream();

    private final OutputStream out;

    /**
     * @param name the end of the file's name
     * @param firstStep where the run goes on; viewers drop what earlier files say of later steps
     */
    public EventFile(Path folder, String name, long firstStep, Configuration hadoop) throws IOException {
        FileSystem given = folder.getFileSystem(hadoop);
        // The local file system with checksums keeps what is flushed to itself.
        FileSystem files = given instanceof LocalFileSystem local ? local.getRawFileSystem() : given;
        this.hadoop = hadoop;
        files.mkdirs(folder);
        this.path = new Path(
                folder,
                String.format(Locale.ROOT, "events.out.tfevents.%010d.%s", System.currentTimeMillis() / 1000, name));
        this.flushed = HadoopFiles.isWholeAtClose(files, path) ? null : files.create(path, true);
        this.out = flushed == null ? kept : flushed;
        event(0, event -> event.writeString(FILE_VERSION, "brain.Event:2"));
        event(firstStep, event -> event.writeByteArray(SESSION_LOG, message(log -> log.writeEnum(STATUS, START))));
        flush();
    }

    private void flush() throws IOException {
        if (flushed != null) {
            flushed.hflush();
        }
    }

    /** Now and then: shows what was added, where each addition cannot be shown. */
    public void show() throws IOException {
        if (flushed == null) {
            HadoopFiles.replace(path, hadoop, kept::writeTo);
        }
    }

    /** @param scalars by tag */
    public void add(long step, Map<String, Double> scalars) throws IOException {
        byte[] summary = message(values -> {
            for (Map.Entry<String, Double> scalar : scalars.entrySet()) {
                values.writeByteArray(VALUE, message(value -> {
                    value.writeString(TAG, scalar.getKey());
                    value.writeFloat(SIMPLE_VALUE, scalar.getValue().floatValue());
                }));
            }
        });
        event(step, event -> event.writeByteArray(SUMMARY, summary));
        flush();
    }

    private interface Fields {
        void write(CodedOutputStream to) throws IOException;
    }

    private static byte[] message(Fields fields) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        CodedOutputStream coded = CodedOutputStream.newInstance(bytes);
        fields.write(coded);
        coded.flush();
        return bytes.toByteArray();
    }

    // A record: length, its checksum, the event, its checksum.
    private void event(long step, Fields fields) throws IOException {
        byte[] event = message(to -> {
            to.writeDouble(WALL_TIME, System.currentTimeMillis() / 1000.0);
            to.writeInt64(STEP, step);
            fields.write(to);
        });
        byte[] length = little(Long.BYTES).putLong(event.length).array();
        try {
            out.write(length);
            out.write(little(Integer.BYTES).putInt(maskedCrc(length)).array());
            out.write(event);
            out.write(little(Integer.BYTES).putInt(maskedCrc(event)).array());
        } catch (IOException | FSError e) {
            throw HadoopFiles.unwritten(path, e);
        }
    }

    private static ByteBuffer little(int bytes) {
        return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    private static int maskedCrc(byte[] bytes) {
        CRC32C crc = new CRC32C();
        crc.update(bytes);
        int value = (int) crc.getValue();
        return (value >>> 15 | value << 17) + CRC_MASK;
    }

    @Override
    public void close() throws IOException {
        show();
        out.close();
    }
}
