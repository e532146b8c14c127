package org.sftn.train.optimizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.sftn.conf.TrainingSettings;
import org.sftn.conf.TrainingSettings.ExchangeKind;
import org.sftn.conf.TrainingSettings.Schedule;
import org.sftn.conf.TrainingSettings.ScheduleKind;
import org.sftn.conf.TrainingSettings.Wire;

class LearningRateTest {
    private static final double RATE = 0.4;
    private static final int BATCHES = 10;

    @ParameterizedTest
    @CsvSource({"0, 0.4", "29, 0.4", "30, 0.08", "49, 0.08", "50, 0.016", "99, 0.016"})
    void multiStepFallsAtTheFirstIterationOfAMilestone(long iteration, double expected) {
        Schedule schedule = new Schedule(ScheduleKind.MULTI_STEP, List.of(3, 5), 0.2, 0);
        assertThat(LearningRate.at(settings(schedule), BATCHES, iteration)).isCloseTo(expected, within(1e-12));
    }

    @ParameterizedTest
    @CsvSource({"0, 0.02", "9, 0.2", "19, 0.4", "20, 0.4", "30, 0.08"})
    void warmUpRisesLinearly(long iteration, double expected) {
        Schedule schedule = new Schedule(ScheduleKind.MULTI_STEP, List.of(3, 5), 0.2, 2);
        assertThat(LearningRate.at(settings(schedule), BATCHES, iteration)).isCloseTo(expected, within(1e-12));
    }

    // 100 iterations: cos(0) = 1, cos(pi/4) = 0.70710678, cos(pi/2) = 0, cos(0.99 pi) = -0.99950656.
    @ParameterizedTest
    @CsvSource({"0, 0.4", "25, 0.341421356", "50, 0.2", "99, 0.000098688"})
    void cosineFallsToZeroAtTheEnd(long iteration, double expected) {
        Schedule schedule = new Schedule(ScheduleKind.COSINE, List.of(), 0.1, 0);
        assertThat(LearningRate.at(settings(schedule), BATCHES, iteration)).isCloseTo(expected, within(1e-8));
    }

    // 20 iterations of warm-up, then 80 of cosine.
    @ParameterizedTest
    @CsvSource({"0, 0.02", "19, 0.4", "20, 0.4", "40, 0.341421356", "60, 0.2", "100, 0"})
    void cosineStartsAfterTheWarmUp(long iteration, double expected) {
        Schedule schedule = new Schedule(ScheduleKind.COSINE, List.of(), 0.1, 2);
        assertThat(LearningRate.at(settings(schedule), BATCHES, iteration)).isCloseTo(expected, within(1e-8));
    }

    private static TrainingSettings settings(Schedule schedule) {
        return new TrainingSettings(
                1,
                0,
                32,
                1,
                10,
                RATE,
                0.9,
                false,
                0,
                true,
                0,
                false,
                schedule,
                ExchangeKind.DIRECT,
                Wire.FP32,
                1,
                0,
                3,
                Duration.ofSeconds(5),
                4,
                Duration.ZERO,
                Duration.ofSeconds(60));
    }
}
