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
    /** To ask how much is free takes as long as to clear a few MiB. */
    private static final long LARGE = 256 << 20;

    private final long allocated;
    private final long address;
    private final long bytes;
    private boolean closed;

    /**
     * @param bytes at least 0
     * @throws OutOfMemoryError when there are not so many
     */
    Memory(long bytes) {
        this.bytes = roundedUp(Math.max(bytes, 1));
        long free = this.bytes < LARGE ? Long.MAX_VALUE : FreeMemory.bytes();
        allocated = this.bytes > free ? 0 : Native.malloc(this.bytes + HUGE_PAGE);
        if (allocated == 0) {
            throw new OutOfMemoryError(String.format(
                    Locale.ROOT,
                    "the engine needs %d MiB of native memory, %s: take a smaller training.global-batch or evaluate.batch, or more executors",
                    (this.bytes >> 20) + 1,
                    free == Long.MAX_VALUE
                            ? "which the system does not give"
                            : String.format(Locale.ROOT, "%d MiB are free", free >> 20)));
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
