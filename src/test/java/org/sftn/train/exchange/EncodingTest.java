package org.sftn.train.exchange;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.channel.FileRegion;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.WritableByteChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class EncodingTest {
    private static final int COUNT = 5000;

    /** Of the two neighbors with an empty lower half the nearer one, or the even one. */
    static float nearestBfloat16(float value) {
        if (!Float.isFinite(value)) {
            return value;
        }
        int down = Float.floatToRawIntBits(value) & 0xffff_0000;
        int up = down + 0x1_0000;
        double below = Math.abs((double) value - Float.intBitsToFloat(down));
        // Infinity stands for the next power of two.
        double next = Float.intBitsToFloat(up);
        double above = Math.abs((double) value - (Double.isInfinite(next) ? Math.copySign(0x1p128, next) : next));
        boolean goesUp = above < below || above == below && (down & 0x1_0000) != 0;
        return Float.intBitsToFloat(goesUp ? up : down);
    }

    @Test
    void bfloat16IsToNearestEven() {
        float[] values = anyBits();
        float[] special = {
            0f,
            -0f,
            1f,
            Float.MIN_VALUE,
            Float.MIN_NORMAL,
            Float.MAX_VALUE,
            -Float.MAX_VALUE,
            0x1.00ffffp0f, // just below the middle of two
            0x1.01p0f, // in the middle, to even: down
            0x1.03p0f, // in the middle, to even: up
            0x1.010002p0f, // just above the middle
            0x1.ffp127f, // in the middle of the largest and infinity
            0x1.fefffep127f,
            Float.POSITIVE_INFINITY,
            Float.NEGATIVE_INFINITY
        };
        System.arraycopy(special, 0, values, 7, special.length);
        float[] rounded = new float[COUNT];
        Encoding.BF16.round(values, 0, rounded, COUNT);
        for (int i = 0; i < COUNT; i++) {
            assertThat(rounded[i]).as("%d: %a", i, values[i]).isEqualTo(Float.valueOf(nearestBfloat16(values[i])));
        }
        assertThat(rounded[7 + 8]).isEqualTo(1f);
        assertThat(rounded[7 + 9]).isEqualTo(0x1.04p0f);
        assertThat(rounded[7 + 11]).isInfinite();
    }

    @Test
    void whatIsNoNumberStaysSo() {
        int[] bits = {0x7f80_0001, 0x7fff_ffff, 0xffff_ffff, 0xff80_0001, 0x7fc0_0000};
        float[] values = new float[bits.length];
        for (int i = 0; i < bits.length; i++) {
            values[i] = Float.intBitsToFloat(bits[i]);
        }
        float[] rounded = new float[bits.length];
        Encoding.BF16.round(values, 0, rounded, bits.length);
        assertThat(rounded).containsOnly(Float.NaN);
    }

    @ParameterizedTest
    @EnumSource
    void whatArrivesIsWhatRoundingMakes(Encoding encoding) {
        float[] values = anyBits();
        float[] rounded = new float[COUNT];
        encoding.round(values, 3, rounded, COUNT - 3);
        ByteBuffer bytes = encoded(encoding, values, 3, COUNT - 3);
        assertThat(bytes.remaining()).isEqualTo((COUNT - 3) * encoding.bytes());
        float[] decoded = new float[COUNT];
        encoding.decode(bytes, decoded, 2, COUNT - 3);
        assertThat(bytes.remaining()).isZero();
        assertThat(decoded[1]).isZero();
        for (int i = 0; i < COUNT - 3; i++) {
            assertThat(decoded[i + 2]).isEqualTo(Float.valueOf(rounded[i]));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 7, 300, COUNT})
    void aStreamMayBeCutAnywhere(int run) throws IOException {
        List<Format.Run> runs = runs(run);
        float[] values = new float[COUNT + 10];
        System.arraycopy(anyBits(), 0, values, 10, COUNT);
        float[] expected = new float[COUNT + 10];
        ByteArrayOutputStream sent = new ByteArrayOutputStream();
        for (Format.Run each : runs) {
            float[] rounded = new float[each.length()];
            each.encoding().round(values, each.offset(), rounded, each.length());
            System.arraycopy(rounded, 0, expected, each.offset(), each.length());
            sent.writeBytes(encoded(each.encoding(), values, each.offset(), each.length())
                    .array());
        }
        Floats floats = new Floats(values, runs, Floats.scratch(1 << 10));
        assertThat(floats.size()).isEqualTo(sent.size());
        assertThat(floats.convertToNettyForSsl().readAllBytes()).isEqualTo(sent.toByteArray());
        ByteArrayOutputStream written = new ByteArrayOutputStream();
        FileRegion region = new Floats(values, runs, Floats.scratch(1 << 10)).convertToNetty();
        WritableByteChannel channel = slow(written);
        while (region.transferred() < region.count()) {
            assertThat(region.transferTo(channel, region.transferred())).isPositive();
        }
        assertThat(written.toByteArray()).isEqualTo(sent.toByteArray());
        float[] target = new float[COUNT + 10];
        ByteBuffer bytes = ByteBuffer.wrap(sent.toByteArray());
        Arrivals arrivals = new Arrivals(2, Duration.ofSeconds(60));
        Arrivals.Counter counter = arrivals.counter(1);
        SliceReceiver receiver = new SliceReceiver(1, target, runs, arrivals, counter);
        Random random = new Random(3);
        while (bytes.hasRemaining()) {
            int next = Math.min(bytes.remaining(), random.nextInt(random.nextBoolean() ? 4 : 3000));
            receiver.onData("", bytes.slice(bytes.position(), next));
            bytes.position(bytes.position() + next);
        }
        receiver.onComplete("");
        arrivals.check(1);
        assertThat(counter.arrived()).isEqualTo(COUNT);
        assertThat(target).isEqualTo(expected);
        assertThatThrownBy(() -> receiver.onData("", ByteBuffer.allocate(4)))
                .isInstanceOf(PeerException.class)
                .hasMessage("rank 1 sent more than the 5000 values of its slice");
    }

    /** All values from the tenth on, the encodings in turns; 0 for fp32 alone. */
    private static List<Format.Run> runs(int length) {
        List<Slice> rounded = new ArrayList<>();
        for (int from = 10; length > 0 && from < COUNT + 10; from += 2 * length) {
            rounded.add(new Slice(from, Math.min(length, COUNT + 10 - from)));
        }
        return new Format(Encoding.FP32, rounded).shared(new Slice(10, COUNT));
    }

    /** Takes a few bytes at a time. */
    private static WritableByteChannel slow(ByteArrayOutputStream into) {
        Random random = new Random(4);
        return new WritableByteChannel() {
            @Override
            public int write(ByteBuffer bytes) {
                byte[] some = new byte[Math.min(bytes.remaining(), 1 + random.nextInt(700))];
                bytes.get(some);
                into.writeBytes(some);
                return some.length;
            }

            @Override
            public boolean isOpen() {
                return true;
            }

            @Override
            public void close() {}
        };
    }

    private static ByteBuffer encoded(Encoding encoding, float[] values, int offset, int count) {
        ByteBuffer bytes = ByteBuffer.allocate(count * encoding.bytes()).order(ByteOrder.LITTLE_ENDIAN);
        encoding.encode(values, offset, count, bytes);
        return bytes.flip();
    }

    private static float[] anyBits() {
        Random random = new Random(1);
        float[] values = new float[COUNT];
        for (int i = 0; i < COUNT; i++) {
            values[i] = Float.intBitsToFloat(random.nextInt());
        }
        return values;
    }
}
