package org.sftn.engine.onednn;

import com.sun.jna.Native;
import com.sun.jna.Pointer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.Locale;

/** A block of native memory, zero at first, on huge pages where the system has them. */
final class Memory implements AutoCloseable {
    private static final long HUGE_PAGE = 2 << 20;
    private static final long LINE = 64;

    private final long allocated;
    private final long address;
    private final long bytes;
    private boolean closed;

    /** @param bytes at least 0 */
    Memory(long bytes) {
        this.bytes = roundedUp(Math.max(bytes, 1));
        allocated = Native.malloc(this.bytes + HUGE_PAGE);
        if (allocated == 0) {
            throw new OutOfMemoryError(String.format(
                    Locale.ROOT,
                    "the engine needs %d MiB of native memory, which the system does not have",
                    (this.bytes >> 20) + 1));
        }
        address = (allocated + HUGE_PAGE - 1) / HUGE_PAGE * HUGE_PAGE;
        Pointer pointer = new Pointer(address);
        Library.get().preferHugePages(pointer, this.bytes);
        pointer.setMemory(0, this.bytes, (byte) 0);
    }

    /** The size at which the next value starts on a cache line of its own. */
    static long roundedUp(long bytes) {
        return (bytes + LINE - 1) / LINE * LINE;
    }

    long bytes() {
        return bytes;
    }

    /** The address that oneDNN gets. */
    org.bytedeco.javacpp.Pointer at(long offset) {
        return new Address(address + offset);
    }

    /** A view of floats; it must not be used after {@link #close}. */
    FloatBuffer floats(long offset, int count) {
        return new Pointer(address)
                .getByteBuffer(offset, (long) count * Float.BYTES)
                .order(ByteOrder.nativeOrder())
                .asFloatBuffer();
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            Native.free(allocated);
        }
    }

    // Pointer's own position() and getPointer() give a wrong address for opaque memory.
    private static final class Address extends org.bytedeco.javacpp.Pointer {
        Address(long address) {
            super((org.bytedeco.javacpp.Pointer) null);
            this.address = address;
        }
    }
}
