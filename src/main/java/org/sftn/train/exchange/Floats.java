package org.sftn.train.exchange;

import io.netty.channel.FileRegion;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.WritableByteChannel;
import org.apache.spark.network.buffer.ManagedBuffer;
import org.apache.spark.network.util.AbstractFileRegion;

/** Part of an array, encoded chunk by chunk when the connection takes them. It may be sent once. */
final class Floats extends ManagedBuffer {
    private final float[] values;
    private final int offset;
    private final int count;
    private final Encoding encoding;
    private final ByteBuffer scratch;

    /**
     * @param values must stay as they are until they are sent
     * @param scratch little-endian; used by one at a time, as a connection does that sends one after the other
     */
    Floats(float[] values, int offset, int count, Encoding encoding, ByteBuffer scratch) {
        this.values = values;
        this.offset = offset;
        this.count = count;
        this.encoding = encoding;
        this.scratch = scratch;
    }

    @Override
    public long size() {
        return (long) count * encoding.bytes();
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

    /**
     * Fills {@link #scratch}.
     *
     * @param done values that were encoded before
     * @return values in it
     */
    private int encode(int done) {
        int next = Math.min(scratch.capacity() / encoding.bytes(), count - done);
        scratch.clear();
        encoding.encode(values, offset + done, next, scratch);
        scratch.flip();
        return next;
    }

    private final class Region extends AbstractFileRegion {
        private long transferred;
        private int encoded;

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
            if (transferred == (long) encoded * encoding.bytes()) {
                encoded += encode(encoded);
            }
            int written = target.write(scratch);
            transferred += written;
            return written;
        }

        @Override
        protected void deallocate() {}
    }

    private final class Stream extends InputStream {
        private int encoded;
        private int left;

        /** What is read at once; 0 at the end. */
        @Override
        public int available() {
            if (left == 0) {
                int next = encode(encoded);
                encoded += next;
                left = next * encoding.bytes();
            }
            return left;
        }

        @Override
        public int read(byte[] into, int at, int most) {
            int read = Math.min(most, available());
            scratch.get(into, at, read);
            left -= read;
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
