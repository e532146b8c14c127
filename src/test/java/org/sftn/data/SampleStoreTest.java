package org.sftn.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SampleStoreTest {
    @TempDir
    Path folder;

    private static Sample sample(long index) {
        return new Sample(
                index, (int) index % 3, "image " + index, new byte[] {(byte) index, 1, 2, (byte) (index * 5)});
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 4, 11, 1000})
    void samplesStandByPositionWhereverTheyLie(long memory) throws IOException {
        try (SampleStore store =
                SampleStore.load(Stream.of(10, 1, 7, 4).map(i -> sample(i)).iterator(), memory, folder)) {
            assertThat(store.size()).isEqualTo(4);
            for (int position = 0; position < 4; position++) {
                Sample expected = sample(position * 3 + 1);
                assertThat(store.index(position)).isEqualTo(expected.index());
                assertThat(store.label(position)).isEqualTo(expected.label());
                assertThat(store.sample(position).name()).isEqualTo(expected.name());
                assertThat(store.sample(position).image()).isEqualTo(expected.image());
            }
        }
        assertThat(files()).isEmpty();
    }

    @Test
    void aRankMayHoldNothingOrOneSample() throws IOException {
        try (SampleStore none = SampleStore.load(List.<Sample>of().iterator(), 100, folder);
                SampleStore one = SampleStore.load(List.of(sample(5)).iterator(), 100, folder)) {
            assertThat(none.size()).isZero();
            assertThat(one.index(0)).isEqualTo(5);
        }
    }

    @Test
    void aGapIsRefusedAndLeavesNoFile() throws IOException {
        assertThatThrownBy(() ->
                        SampleStore.load(Stream.of(0, 2, 6).map(i -> sample(i)).iterator(), 0, folder))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("the samples of a rank must be evenly spaced: index 6 stands at position 2, after 0 and 2");
        assertThatThrownBy(() ->
                        SampleStore.load(Stream.of(3, 3).map(i -> sample(i)).iterator(), 0, folder))
                .isInstanceOf(IllegalArgumentException.class);
        assertThat(files()).isEmpty();
    }

    @Test
    void aFailureWhileLoadingLeavesNoFile() throws IOException {
        Iterator<Sample> failing = Stream.of(0, 1)
                .map(i -> {
                    if (i == 1) {
                        throw new IllegalStateException("lost");
                    }
                    return sample(i);
                })
                .iterator();

        assertThatThrownBy(() -> SampleStore.load(failing, 0, folder)).hasMessage("lost");
        assertThat(files()).isEmpty();
    }

    private List<Path> files() throws IOException {
        try (Stream<Path> all = Files.list(folder)) {
            return all.toList();
        }
    }
}
