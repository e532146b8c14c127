package org.sftn.train.quantity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.entry;

import java.util.Map;
import org.junit.jupiter.api.Test;

class StepSumsTest {
    @Test
    void sharesMeansAndTheLargestAreJoinedOverStepsAndRanks() {
        StepSums one = step(2, 0.5, 2000);
        StepSums other = step(4, 1, 4000).plus(step(2, 0, 2000));
        assertThat(one.plus(other).values())
                .containsExactly(
                        entry("data_wait_share", 1.5 / 8),
                        entry("exchange_share", 0.0),
                        entry("step_milliseconds", 8000.0 / 3),
                        entry("longest_step_milliseconds", 4000.0));
        assertThat(one.plus(other)).isEqualTo(other.plus(one));
    }

    @Test
    void withoutStepsAllIsZero() {
        assertThat(StepSums.NONE.values().values()).containsOnly(0.0);
    }

    @Test
    void peopleReadPercentAndMilliseconds() {
        assertThat(StepQuantity.DATA_WAIT_SHARE.text(0.126)).isEqualTo("13 % of the time waiting for images");
        assertThat(StepQuantity.STEP_MILLISECONDS.text(80.46)).isEqualTo("80.5 ms per step");
    }

    private static StepSums step(double seconds, double waited, double milliseconds) {
        return new StepSums(
                1,
                seconds,
                Map.of(
                        StepQuantity.DATA_WAIT_SHARE, waited,
                        StepQuantity.STEP_MILLISECONDS, milliseconds,
                        StepQuantity.LONGEST_STEP_MILLISECONDS, milliseconds));
    }
}
