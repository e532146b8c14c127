package org.sftn.train.exchange;

import java.nio.ByteBuffer;
import java.nio.ShortBuffer;
import org.sftn.conf.TrainingSettings.Wire;

/** How values travel: as they are, or rounded to bfloat16, the upper half of a float. Little-endian. */
public enum Encoding {
    FP32(Float.BYTES) {
        @Override
        void encode(float[] values, int offset, int count, ByteBuffer into) {
            into.asFloatBuffer().put(values, offset, count);
            into.position(into.position() + count * Float.BYTES);
        }

        @Override
        void decode(ByteBuffer from, float[] values, int offset, int count) {
            from.asFloatBuffer().get(values, offset, count);
            from.position(from.position() + count * Float.BYTES);
        }

        @Override
        void round(float[] values, int offset, float[] into, int count) {
            System.arraycopy(values, offset, into, 0, count);
        }
    },

    BF16(Short.BYTES) {
        @Override
        void encode(float[] values, int offset, int count, ByteBuffer into) {
            short[] block = new short[BLOCK];
            ShortBuffer shorts = into.asShortBuffer();
            for (int done = 0; done < count; done += BLOCK) {
                int next = Math.min(BLOCK, count - done);
                for (int i = 0; i < next; i++) {
                    block[i] = (short) (rounded(values[offset + done + i]) >>> Short.SIZE);
                }
                shorts.put(block, 0, next);
            }
            into.position(into.position() + count * Short.BYTES);
        }

        @Override
        void decode(ByteBuffer from, float[] values, int offset, int count) {
            short[] block = new short[BLOCK];
            ShortBuffer shorts = from.asShortBuffer();
            for (int done = 0; done < count; done += BLOCK) {
                int next = Math.min(BLOCK, count - done);
                shorts.get(block, 0, next);
                for (int i = 0; i < next; i++) {
                    values[offset + done + i] = Float.intBitsToFloat(block[i] << Short.SIZE);
                }
            }
            from.position(from.position() + count * Short.BYTES);
        }

        @Override
        void round(float[] values, int offset, float[] into, int count) {
            for (int i = 0; i < count; i++) {
                into[i] = Float.intBitsToFloat(rounded(values[offset + i]) & UPPER_HALF);
            }
        }
    };

    // Of values that fit into the first-level cache.
    private static final int BLOCK = 1024;
    private static final int UPPER_HALF = 0xffff_0000;
    private static final int SIGNLESS = 0x7fff_ffff;
    private static final int INFINITY = 0x7f80_0000;
    private static final int QUIET = 0x0040_0000;

    private final int bytes;

    Encoding(int bytes) {
        this.bytes = bytes;
    }

    public static Encoding of(Wire wire) {
        return switch (wire) {
            case FP32 -> FP32;
            case BF16 -> BF16;
        };
    }

    /** Of a value. */
    int bytes() {
        return bytes;
    }

    /** @param into from its position on, which moves */
    abstract void encode(float[] values, int offset, int count, ByteBuffer into);

    /** @param from from its position on, which moves */
    abstract void decode(ByteBuffer from, float[] values, int offset, int count);

    /** What {@link #decode} makes of what {@link #encode} makes of values, from the first place on. */
    abstract void round(float[] values, int offset, float[] into, int count);

    /** A float's bits, to nearest even in the upper half; the lower half is of no use. Without branches, NaN stays NaN. */
    private static int rounded(float value) {
        int bits = Float.floatToRawIntBits(value);
        int nan = INFINITY - (bits & SIGNLESS) >> Integer.SIZE - 1;
        int even = bits + 0x7fff + (bits >>> Short.SIZE & 1);
        return even & ~nan | (bits | QUIET) & nan;
    }
}
