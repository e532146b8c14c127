package org.sftn.distill.method;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;
import org.sftn.nn.Shape;
import org.sftn.nn.Tensor;
import org.sftn.train.loss.SoftenedKl;

class DkdTest {
    private static final int[] LABELS = {0, 4, 2};

    @Test
    void bothPartsHaveTheirOwnGradient() {
        Tensor teacher = StudentLossCheck.normal(1, 3, 5);
        for (double[] weights : new double[][] {{1, 0}, {0, 1}, {2, 8}}) {
            StudentLossCheck.gradientIsFiniteDifference(
                    StudentLossCheck.normal(2, 3, 5),
                    1e-5,
                    s -> Dkd.loss(s, teacher, LABELS, weights[0], weights[1], 3));
        }
    }

    @Test
    void ofTwoClassesTheTargetIsAllThereIs() {
        Tensor student = StudentLossCheck.normal(1, 3, 2);
        Tensor teacher = StudentLossCheck.normal(2, 3, 2);
        StudentLoss loss = Dkd.loss(student, teacher, new int[] {0, 1, 1}, 1, 8, 4);
        SoftenedKl kl = SoftenedKl.of(teacher, student, 4);
        assertThat(loss.value()).isCloseTo(kl.value(), within(1e-12));
        assertThat(loss.gradient().values()).containsExactly(kl.gradientOfQ().values(), within(1e-7f));
    }

    @Test
    void certainOutputsStayFinite() {
        Tensor student = new Tensor(Shape.of(1, 3), new float[] {1e30f, -1e30f, 0});
        Tensor teacher = new Tensor(Shape.of(1, 3), new float[] {-1e30f, 1e30f, 0});
        for (int label = 0; label < 3; label++) {
            StudentLoss loss = Dkd.loss(student, teacher, new int[] {label}, 1, 8, 4);
            assertThat(loss.value()).isFinite().isPositive();
            for (float each : loss.gradient().values()) {
                assertThat(each).isFinite();
            }
        }
    }

    @Test
    void theWeightRisesFromTheFirstEpochOn() {
        Dkd method = new Dkd(1, 8, 4, 20, LogitScaling.RAW);
        assertThat(method.warmUp(0)).isEqualTo(0.05);
        assertThat(method.warmUp(18)).isEqualTo(0.95);
        assertThat(method.warmUp(19)).isEqualTo(1);
        assertThat(method.warmUp(200)).isEqualTo(1);
        assertThat(new Dkd(1, 8, 4, 0, LogitScaling.RAW).warmUp(0)).isEqualTo(1);
    }
}
