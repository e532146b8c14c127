package org.sftn.distill.method;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;
import org.sftn.nn.Tensor;

class DistTest {
    @Test
    void bothRelationsHaveTheirOwnGradient() {
        Tensor teacher = StudentLossCheck.normal(1, 3, 5);
        for (double[] weights : new double[][] {{1, 0}, {0, 1}, {2, 3}}) {
            StudentLossCheck.gradientIsFiniteDifference(
                    StudentLossCheck.normal(2, 3, 5), 1e-4, s -> Dist.loss(s, teacher, weights[0], weights[1], 2));
        }
    }

    @Test
    void equalOutputsCorrelateFully() {
        Tensor logits = StudentLossCheck.normal(1, 3, 5);
        assertThat(Dist.loss(logits, logits, 1, 1, 1).value()).isCloseTo(0, within(1e-5));
    }

    @Test
    void aSingleImageHasNoCorrelationOverImages() {
        Tensor student = StudentLossCheck.normal(1, 1, 5);
        Tensor teacher = StudentLossCheck.normal(2, 1, 5);
        StudentLoss intra = Dist.loss(student, teacher, 0, 3, 2);
        assertThat(intra.value()).isEqualTo(12);
        assertThat(intra.gradient().values()).containsOnly(0);
        StudentLossCheck.gradientIsFiniteDifference(student, 1e-4, s -> Dist.loss(s, teacher, 1, 1, 2));
    }
}
