package org.sftn.distill.method;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;
import org.sftn.nn.Shape;
import org.sftn.nn.Tensor;

class LogitScalingTest {
    private static final int[] LABELS = {0, 4, 2};

    @Test
    void theGradientPassesTheStandardization() {
        Tensor teacher = StudentLossCheck.normal(1, 3, 5);
        StudentLossCheck.gradientIsFiniteDifference(
                StudentLossCheck.normal(2, 3, 5), 1e-4, s -> Kd.loss(s, teacher, 2, LogitScaling.STANDARDIZED));
        StudentLossCheck.gradientIsFiniteDifference(
                StudentLossCheck.normal(3, 3, 5),
                1e-4,
                s -> LogitScaling.STANDARDIZED.loss(s, teacher, (a, b) -> Dkd.loss(a, b, LABELS, 1, 8, 2)));
    }

    @Test
    void logitsOfAnotherScaleAndMeanAreTheSame() {
        Tensor teacher = StudentLossCheck.normal(1, 3, 5);
        Tensor student = Tensor.zeros(teacher.shape());
        for (int i = 0; i < student.values().length; i++) {
            student.values()[i] = 4 * teacher.values()[i] + 3;
        }
        assertThat(Kd.loss(student, teacher, 2, LogitScaling.STANDARDIZED).value())
                .isCloseTo(0, within(1e-10));
        assertThat(Kd.loss(student, teacher, 2, LogitScaling.RAW).value()).isGreaterThan(0.1);
    }

    @Test
    void equalLogitsGetNoGradient() {
        Tensor teacher = StudentLossCheck.normal(1, 2, 2);
        Tensor student = new Tensor(Shape.of(2, 2), new float[] {7, 7, 1, 2});
        StudentLoss loss = Kd.loss(student, teacher, 2, LogitScaling.STANDARDIZED);
        assertThat(loss.value()).isFinite();
        assertThat(loss.gradient().values()).startsWith(0, 0);
    }
}
