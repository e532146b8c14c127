package org.sftn.engine.onednn;

import org.bytedeco.dnnl.dnnl_memory_desc;

/** A value in native memory: where it lies, and from which step of the program to which it is in use. */
final class Buffer {
    /** Where buffers lie. */
    enum Region {
        /** Shared by values that are not in use at the same time. */
        ARENA,
        /** Kept from run to run, zero at first. */
        KEPT,
        PARAMETERS,
        GRADIENTS
    }

    final dnnl_memory_desc layout;
    final Region region;
    final long bytes;
    /** In bytes from the start of its region; in the arena the plan sets it. */
    long offset;
    /** Steps, in the arena only; -1 before its first use. */
    int from = -1;

    int to = -1;

    Buffer(dnnl_memory_desc layout, Region region, long offset) {
        this.layout = layout;
        this.region = region;
        this.bytes = Memory.roundedUp(Handles.bytes(layout));
        this.offset = offset;
    }

    /** Remembers that a step uses it. */
    void use(int step) {
        from = from < 0 ? step : Math.min(from, step);
        to = Math.max(to, step);
    }
}
