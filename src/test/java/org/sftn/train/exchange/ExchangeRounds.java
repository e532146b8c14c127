package org.sftn.train.exchange;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** Rounds of reduce and gather on arrays that every rank can compute for all, so that each can check all. */
public final class ExchangeRounds {
    /** Smaller than, equal to and not divided by the number of ranks; around a frame's size and larger. */
    @SuppressWarnings("MutablePublicArray")
    public static final int[] SIZES = {1, 2, 3, 5, 1000, (1 << 16) - 1, (1 << 16) + 1, 300_001};

    private static final int ROUNDS = 4;

    private ExchangeRounds() {}

    /** An exchange of each size, from joining to leaving. */
    public static void check(Member me, Peers peers) {
        List<float[]> shared = new ArrayList<>();
        List<Exchange> exchanges = new ArrayList<>();
        for (int size : SIZES) {
            float[] array = new float[size];
            shared.add(array);
            exchanges.add(peers.exchange(array));
        }
        peers.join();
        for (int i = 0; i < shared.size(); i++) {
            check(me, exchanges.get(i), shared.get(i));
        }
        peers.leave();
    }

    private static void check(Member me, Exchange exchange, float[] shared) {
        int size = shared.length;
        for (int round = 0; round < ROUNDS; round++) {
            float[] sum = values(0, round, size);
            for (int rank = 1; rank < me.ranks(); rank++) {
                float[] other = values(rank, round, size);
                for (int i = 0; i < size; i++) {
                    sum[i] += other[i];
                }
            }
            float[] reduced = exchange.reduce(values(me.rank(), round, size));
            Slice own = exchange.slice();
            assertThat(reduced).hasSize(own.length());
            System.arraycopy(reduced, 0, shared, own.offset(), own.length());
            exchange.gather();
            assertThat(shared)
                    .as("rank %d, round %d, %d values", me.rank(), round, size)
                    .isEqualTo(sum);
        }
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
