package org.sftn.distill.method;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.sftn.engine.Arithmetic;
import org.sftn.engine.bigdl.BigDlEngine;
import org.sftn.nn.Tensor;

class PktTest {
    private static final Arithmetic ARITHMETIC = new BigDlEngine(2).arithmetic();

    @AfterAll
    static void close() {
        ARITHMETIC.close();
    }

    @Test
    void theGradientIsTheFiniteDifference() {
        Tensor teacher = StudentLossCheck.normal(1, 5, 4);
        StudentLossCheck.gradientIsFiniteDifference(
                StudentLossCheck.normal(2, 5, 3), 1e-4, s -> Pkt.loss(s, teacher, ARITHMETIC));
    }

    @Test
    void aSingleImageGivesNothing() {
        StudentLoss loss = Pkt.loss(StudentLossCheck.normal(1, 1, 3), StudentLossCheck.normal(2, 1, 4), ARITHMETIC);
        assertThat(loss.value()).isZero();
        assertThat(loss.gradient().values()).containsOnly(0);
    }

    @Test
    void aRowOfZerosGetsNoGradient() {
        Tensor student = StudentLossCheck.normal(1, 3, 2);
        Tensor teacher = StudentLossCheck.normal(2, 3, 2);
        Arrays.fill(student.values(), 2, 4, 0);
        Arrays.fill(teacher.values(), 0, 2, 0);
        StudentLoss loss = Pkt.loss(student, teacher, ARITHMETIC);
        assertThat(loss.value()).isFinite().isPositive();
        float[] gradient = loss.gradient().values();
        assertThat(Arrays.copyOfRange(gradient, 2, 4)).containsOnly(0);
        assertThat(gradient[0]).isFinite().isNotZero();
    }
}
