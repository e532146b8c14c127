package org.sftn.data.order;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SamplerTest {
    /** The indices of a batch over all ranks. */
    private static List<Long> batch(long total, int globalBatch, int ranks, int epoch, int batch) {
        List<Long> indices = new ArrayList<>();
        for (int rank = 0; rank < ranks; rank++) {
            for (int position : new Sampler(total, globalBatch, rank, ranks, 7).positions(epoch, batch)) {
                indices.add((long) position * ranks + rank);
            }
        }
        return indices;
    }

    @ParameterizedTest
    @CsvSource({
        "1, 4, 4",
        "3, 4, 2",
        "4, 4, 4",
        "5, 4, 2",
        "100, 8, 4",
        "101, 8, 4",
        "103, 8, 2",
        "107, 8, 8",
        "1000, 64, 1",
        "7, 1, 1",
        "50, 64, 4",
        "65, 64, 1",
        "131, 64, 2",
        "10, 9, 3",
        "3, 2000000000, 2"
    })
    void everyImageOnceAnEpoch(long total, int globalBatch, int ranks) {
        for (int epoch = 0; epoch < 3; epoch++) {
            List<Long> seen = new ArrayList<>();
            Sampler sampler = new Sampler(total, globalBatch, 0, ranks, 7);
            for (int b = 0; b < sampler.batches(); b++) {
                List<Long> batch = batch(total, globalBatch, ranks, epoch, b);
                assertThat(batch).hasSize(sampler.globalSize(b));
                seen.addAll(batch);
            }
            assertThat(seen)
                    .containsExactlyInAnyOrderElementsOf(
                            LongStream.range(0, total).boxed().toList());
        }
    }

    @ParameterizedTest
    @CsvSource({"100, 8", "101, 8", "103, 8", "110, 8", "3, 8", "64, 64"})
    void aGlobalBatchIsTheSameForAnyNumberOfRanks(long total, int globalBatch) {
        int batches = new Sampler(total, globalBatch, 0, 1, 7).batches();
        for (int b = 0; b < batches; b++) {
            TreeSet<Long> alone = new TreeSet<>(batch(total, globalBatch, 1, 2, b));
            assertThat(new TreeSet<>(batch(total, globalBatch, 2, 2, b))).isEqualTo(alone);
            assertThat(new TreeSet<>(batch(total, globalBatch, 4, 2, b))).isEqualTo(alone);
        }
    }

    @Test
    void theLastBatchHoldsWhatIsLeftEvenlyOverRanks() {
        Sampler rank0 = new Sampler(103, 8, 0, 4, 7);
        Sampler rank3 = new Sampler(103, 8, 3, 4, 7);

        assertThat(rank0.batches()).isEqualTo(13);
        assertThat(rank0.globalSize(11)).isEqualTo(8);
        assertThat(rank0.globalSize(12)).isEqualTo(7);
        assertThat(rank0.positions(0, 12)).hasSize(2);
        assertThat(rank3.positions(0, 12)).hasSize(1);
        assertThat(new Sampler(97, 8, 3, 4, 7).positions(0, 12)).isEmpty();
    }

    @Test
    void aRankWithOneImageLeftTakesItsLastTwoBatchesInHalves() {
        Sampler alone = new Sampler(2 * 64 + 1, 64, 0, 1, 7);

        assertThat(List.of(alone.globalSize(0), alone.globalSize(1), alone.globalSize(2)))
                .containsExactly(64, 33, 32);
        Sampler two = new Sampler(2 * 64 + 3, 64, 0, 2, 7);
        Sampler one = new Sampler(2 * 64 + 3, 64, 1, 2, 7);
        assertThat(two.batches()).isEqualTo(3);
        assertThat(List.of(two.localSize(1), two.localSize(2))).containsExactly(32, 2);
        assertThat(List.of(one.localSize(1), one.localSize(2))).containsExactly(17, 16);
        assertThat(List.of(one.globalSize(1), one.globalSize(2))).containsExactly(49, 18);
        // Of its 32 lanes: the first 17, the others and then the first again.
        assertThat(lanes(one.positions(0, 1))).isEqualTo(IntStream.range(0, 17).toArray());
        assertThat(lanes(one.positions(0, 2)))
                .isEqualTo(IntStream.concat(IntStream.range(17, 32), IntStream.of(0))
                        .toArray());
    }

    private static int[] lanes(int[] positions) {
        return IntStream.of(positions).map(position -> position % 32).toArray();
    }

    @Test
    void twoImagesLeftStayTheLastBatch() {
        Sampler sampler = new Sampler(64 + 2, 64, 0, 1, 7);

        assertThat(List.of(sampler.globalSize(0), sampler.globalSize(1))).containsExactly(64, 2);
    }

    @ParameterizedTest
    @CsvSource({
        "65, 64, 1, 32",
        "66, 64, 1, 2",
        "64, 64, 1, 64",
        "129, 64, 2, 16",
        "4, 3, 1, 2",
        "3, 2, 1, 1",
        "8, 2, 2, 1",
        "1, 64, 1, 1",
        "3, 64, 2, 1",
        "4, 64, 2, 2",
        "1, 64, 4, 1",
        "1000000000, 64, 2, 32"
    })
    void theSmallestBatchOfARankIsKnownBefore(long total, int globalBatch, int ranks, int smallest) {
        assertThat(Sampler.smallest(total, globalBatch, ranks)).isEqualTo(smallest);
    }

    @Test
    void epochsAndSeedsDiffer() {
        Sampler sampler = new Sampler(1000, 10, 0, 1, 7);

        assertThat(sampler.positions(0, 0)).isNotEqualTo(sampler.positions(1, 0));
        assertThat(sampler.positions(0, 0)).isNotEqualTo(new Sampler(1000, 10, 0, 1, 8).positions(0, 0));
        assertThat(sampler.positions(0, 0)).isEqualTo(new Sampler(1000, 10, 0, 1, 7).positions(0, 0));
    }

    @Test
    void aRankHoldsEveryRanksThImage() {
        assertThat(new Sampler(10, 4, 0, 4, 7).localTotal()).isEqualTo(3);
        assertThat(new Sampler(10, 4, 2, 4, 7).localTotal()).isEqualTo(2);
        assertThat(new Sampler(2, 4, 3, 4, 7).localTotal()).isZero();
    }

    @Test
    void ranksThatDoNotDivideTheBatchAreRefused() {
        assertThatThrownBy(() -> new Sampler(10, 4, 0, 3, 7))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("10 images in batches of 4 cannot be sampled by rank 0 of 3");
        assertThatThrownBy(() -> new Sampler(10, 4, 0, 2, 7).positions(0, 3))
                .hasMessage("there is no batch 3: an epoch has 3");
    }
}
