package org.sftn.train.quantity;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;

class TallyTest {
    private static final Tally FOUR = new Tally(4, 2, Map.of(), Map.of("model", 3L, "branch1", 1L), 0);

    @Test
    void accuraciesAreSharesOfAllImages() {
        Tally both = FOUR.plus(new Tally(6, 3, Map.of(), Map.of("model", 1L, "branch1", 4L), 0));
        assertThat(both.top1()).hasValue(0.4);
        assertThat(both.auxiliaryTop1()).containsExactly(Map.entry("branch1", 0.5));
    }

    @Test
    void nothingAndSkippedImagesChangeNoAccuracy() {
        Tally same = Tally.EMPTY.plus(FOUR).plus(Tally.skipped(2)).plus(Tally.EMPTY);
        assertThat(same.correct()).isEqualTo(FOUR.correct());
        assertThat(same.skipped()).isEqualTo(2);
    }

    @Test
    void whatWasNotCountedOfAllImagesIsUnknown() {
        Tally withoutBranch = new Tally(4, 2, Map.of(), Map.of("model", 2L), 0);
        assertThat(FOUR.plus(withoutBranch).correct()).containsExactly(Map.entry("model", 5L));
        assertThat(withoutBranch.plus(FOUR).correct()).containsExactly(Map.entry("model", 5L));
        assertThat(FOUR.plus(new Tally(4, 2, Map.of(), Map.of(), 0)).top1()).isEmpty();
    }
}
