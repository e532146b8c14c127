package org.sftn.train.exchange;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** Rounds on arrays that every rank can compute for all, so that each can check all. */
public final class ExchangeRounds {
    /** Smaller than, equal to and not divided by the number of ranks; around a bucket's size and of several buckets. */
    @SuppressWarnings("MutablePublicArray")
    public static final int[] SIZES = {1, 2, 3, 5, 1000, (1 << 16) - 1, (1 << 16) + 1, 300_001};

    /** Enough for values to be sent early and late. */
    private static final int ROUNDS = 6;

    private ExchangeRounds() {}

    /**
     * An exchange of each size, from joining to leaving.
     *
     * @param rounded whether parts of the shared array travel rounded
     */
    public static void check(Member me, Peers peers, Encoding encoding, boolean rounded) {
        List<float[]> given = new ArrayList<>();
        List<float[]> shared = new ArrayList<>();
        List<Exchange> exchanges = new ArrayList<>();
        List<Format> formats = new ArrayList<>();
        for (int size : SIZES) {
            given.add(new float[size]);
            shared.add(new float[size]);
            Format format = new Format(encoding, rounded ? parts(size) : List.of());
            formats.add(format);
            exchanges.add(peers.exchange(given.get(given.size() - 1), shared.get(shared.size() - 1), format));
        }
        peers.join();
        for (int i = 0; i < shared.size(); i++) {
            check(me, exchanges.get(i), given.get(i), shared.get(i), formats.get(i));
        }
        peers.leave();
    }

    private static void check(Member me, Exchange exchange, float[] given, float[] shared, Format format) {
        int size = shared.length;
        List<Slice> own = exchange.buckets().slices(me.rank());
        for (int round = 0; round < ROUNDS; round++) {
            float[] sum = traveled(values(0, round, size), me, format);
            for (int rank = 1; rank < me.ranks(); rank++) {
                float[] other = traveled(values(rank, round, size), me, format);
                for (int i = 0; i < size; i++) {
                    sum[i] += other[i];
                }
            }
            List<Integer> updated = new ArrayList<>();
            exchange.begin((index, slice) -> {
                updated.add(index);
                System.arraycopy(
                        slice,
                        0,
                        shared,
                        own.get(index).offset(),
                        own.get(index).length());
            });
            float[] values = values(me.rank(), round, size);
            Random steps = new Random(size + round);
            for (int ready = 0; ready < size; ) {
                int next = Math.min(size, ready + 1 + steps.nextInt(size));
                System.arraycopy(values, ready, given, ready, next - ready);
                ready = next;
                exchange.ready(ready);
            }
            exchange.finish();
            // In the other rounds a peer that does not wait for this rank, since it owns nothing, may have sent its
            // exact values.
            if (round % 2 == 0) {
                assertThat(shared)
                        .as("rank %d, round %d, %d values", me.rank(), round, size)
                        .isEqualTo(arrived(sum, own, format));
            }
            assertThat(updated).hasSameSizeAs(own).isSorted().doesNotHaveDuplicates();
            if (round % 2 == 1) {
                checkGather(me, exchange, given, round);
                exchange.gatherShared();
                assertThat(shared).isEqualTo(sum);
            }
        }
    }

    private static void checkGather(Member me, Exchange exchange, float[] given, int round) {
        float[] expected = new float[given.length];
        for (int rank = 0; rank < me.ranks(); rank++) {
            float[] its = values(-1 - rank, round, given.length);
            for (Slice slice : exchange.buckets().slices(rank)) {
                System.arraycopy(its, slice.offset(), expected, slice.offset(), slice.length());
                if (rank == me.rank()) {
                    System.arraycopy(its, slice.offset(), given, slice.offset(), slice.length());
                }
            }
        }
        exchange.gather();
        assertThat(given).isEqualTo(expected);
    }

    /** Begins and ends anywhere; the first value is not in it. */
    private static List<Slice> parts(int size) {
        List<Slice> parts = new ArrayList<>();
        for (int from = 1; from < size; from += 2_003) {
            parts.add(new Slice(from, Math.min(1_501, size - from)));
        }
        return parts;
    }

    /** As a rank has the shared array after a round: others' values rounded where they travel so, the own ones as they are. */
    private static float[] arrived(float[] made, List<Slice> own, Format format) {
        float[] arrived = made.clone();
        for (Slice part : format.rounded()) {
            for (int i = part.offset(); i < part.offset() + part.length(); i++) {
                arrived[i] = EncodingTest.nearestBfloat16(made[i]);
            }
        }
        for (Slice slice : own) {
            System.arraycopy(made, slice.offset(), arrived, slice.offset(), slice.length());
        }
        return arrived;
    }

    /** One rank alone sends nothing. */
    private static float[] traveled(float[] values, Member me, Format format) {
        if (format.summed() == Encoding.BF16 && me.ranks() > 1) {
            for (int i = 0; i < values.length; i++) {
                values[i] = EncodingTest.nearestBfloat16(values[i]);
            }
        }
        return values;
    }

    private static float[] values(int rank, int round, int size) {
        Random random = new Random(1_000_003L * rank + 31L * round + size);
        float[] values = new float[size];
        for (int i = 0; i < size; i++) {
            values[i] = (float) (random.nextGaussian() * Math.exp(3 * random.nextGaussian()));
        }
        return values;
    }
}
