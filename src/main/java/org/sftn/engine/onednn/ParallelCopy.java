package org.sftn.engine.onednn;

import java.nio.FloatBuffer;
import java.util.stream.IntStream;

/**
 * Copies of arrays to or from native memory, by several threads: one alone does not use the memory's speed.
 *
 * @param threads at least 1
 */
record ParallelCopy(int threads) {
    // To wake a thread takes as long as to copy some hundred thousand values.
    private static final int SMALLEST_PART = 1 << 19;

    @FunctionalInterface
    private interface Part {
        void copy(int from, int count);
    }

    void put(float[] values, FloatBuffer into) {
        inParts(values.length, (from, count) -> into.slice(from, count).put(values, from, count));
    }

    void get(FloatBuffer values, float[] into) {
        get(values, into, 0, into.length);
    }

    void get(FloatBuffer values, float[] into, int at, int length) {
        inParts(length, (from, count) -> values.slice(from, count).get(into, at + from, count));
    }

    private void inParts(int length, Part part) {
        int parts = Math.max(1, Math.min(threads, length / SMALLEST_PART));
        IntStream.range(0, parts).parallel().forEach(i -> {
            int from = (int) ((long) length * i / parts);
            part.copy(from, (int) ((long) length * (i + 1) / parts) - from);
        });
    }
}
