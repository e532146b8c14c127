package org.sftn.train.exchange;

import io.netty.channel.FileRegion;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.WritableByteChannel;
import java.util.List;
import org.apache.spark.network.buffer.ManagedBuffer;
import org.apache.spark.network.util.AbstractFileRegion;

/** Parts of an array, encoded chunk by chunk when the connection takes them. They may be sent once. */
final class Floats extends ManagedBuffer {
    private final float[] values;
    private final List<Format.Run> runs;
    private final ByteBuffer scratch;
    /** Runs that are encoded. */
    private int encoded;
    /** Values of the next one that are encoded, too. */
    private int begun;

    /**
     * @param values must stay as they are until they are sent
     * @param scratch little-endian; used by one at a time, as a connection does that sends one after the other
     */
    Floats(float[] values, List<Format.Run> runs, ByteBuffer scratch) {
        this.values = values;
        this.runs = runs;
        this.scratch = scratch;
    }

    @Override
    public long size() {
        return runs.stream()
                .mapToLong(run -> (long) run.length() * run.encoding().bytes())
                .sum();
    }

    @Override
    public FileRegion convertToNetty() {
        return new Region();
    }

    /** Spark 4 asks for this one where it encrypts by TLS. */
    @Override
    public InputStream convertToNettyForSsl() {
        return new Stream();
    }

    @Override
    public ByteBuffer nioByteBuffer() {
        throw new UnsupportedOperationException("only for sending");
    }

    @Override
    public InputStream createInputStream() {
        throw new UnsupportedOperationException("only for sending");
    }

    @Override
    public ManagedBuffer retain() {
        return this;
    }

    @Override
    public ManagedBuffer release() {
        return this;
    }

    /** Fills {@link #scratch} with the next values. */
    private void encode() {
        scratch.clear();
        while (encoded < runs.size()) {
            Format.Run run = runs.get(encoded);
            int next = Math.min(scratch.remaining() / run.encoding().bytes(), run.length() - begun);
            run.encoding().encode(values, run.offset() + begun, next, scratch);
            begun += next;
            if (begun < run.length()) {
                break;
            }
            encoded++;
            begun = 0;
        }
        scratch.flip();
    }

    private final class Region extends AbstractFileRegion {
        private long transferred;
        private boolean begun;

        @Override
        public long position() {
            return 0;
        }

        @Override
        public long transferred() {
            return transferred;
        }

        @Override
        public long count() {
            return size();
        }

        @Override
        public long transferTo(WritableByteChannel target, long position) throws IOException {
            if (position != transferred) {
                throw new IllegalArgumentException("cannot send from byte " + position + " after " + transferred);
            }
            if (!begun || !scratch.hasRemaining()) {
                begun = true;
                encode();
            }
            int written = target.write(scratch);
            transferred += written;
            return written;
        }

        @Override
        protected void deallocate() {}
    }

    private final class Stream extends InputStream {
        private boolean begun;

        /** What is read at once; 0 at the end. */
        @Override
        public int available() {
            if (!begun || !scratch.hasRemaining()) {
                begun = true;
                encode();
            }
            return scratch.remaining();
        }

        @Override
        public int read(byte[] into, int at, int most) {
            int read = Math.min(most, available());
            scratch.get(into, at, read);
            return read == 0 && most > 0 ? -1 : read;
        }

        @Override
        public int read() {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : Byte.toUnsignedInt(one[0]);
        }
    }

    /** A buffer for {@link #scratch}. */
    static ByteBuffer scratch(int bytes) {
        return ByteBuffer.allocateDirect(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }
}
