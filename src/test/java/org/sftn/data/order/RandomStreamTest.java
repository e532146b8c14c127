package org.sftn.data.order;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.HashMap;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class RandomStreamTest {
    @Test
    void aBoundIsReachedEvenly() {
        RandomStream random = RandomStream.of("test", 1);
        int[] counts = new int[7];
        for (int i = 0; i < 70_000; i++) {
            counts[random.nextInt(7)]++;
        }

        // Five standard deviations of a binomial count.
        assertThat(IntStream.of(counts)).allMatch(count -> Math.abs(count - 10_000) < 463);
        assertThatThrownBy(() -> random.nextInt(0)).hasMessage("a bound of at least 1 is needed, not 0");
    }

    @Test
    void everyOrderIsEquallyLikely() {
        Map<String, Integer> counts = new HashMap<>();
        for (int i = 0; i < 24_000; i++) {
            StringBuilder order = new StringBuilder();
            IntStream.of(RandomStream.of("test", i).permutation(4)).forEach(order::append);
            counts.merge(order.toString(), 1, Integer::sum);
        }

        assertThat(counts).hasSize(24);
        assertThat(counts.values()).allMatch(count -> Math.abs(count - 1_000) < 155);
    }

    @Test
    void everyKeyCounts() {
        long first = RandomStream.of("test", 1, 2, 3).nextLong();

        assertThat(RandomStream.of("test", 1, 2, 3).nextLong()).isEqualTo(first);
        assertThat(RandomStream.of("other", 1, 2, 3).nextLong()).isNotEqualTo(first);
        assertThat(RandomStream.of("test", 2, 1, 3).nextLong()).isNotEqualTo(first);
        assertThat(RandomStream.of("test", 1, 2, 4).nextLong()).isNotEqualTo(first);
        assertThat(RandomStream.of("test", 1, 2).nextLong()).isNotEqualTo(first);
    }
}
