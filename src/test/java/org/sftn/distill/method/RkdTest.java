package org.sftn.distill.method;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.sftn.engine.Arithmetic;
import org.sftn.engine.bigdl.BigDlEngine;
import org.sftn.nn.Tensor;

class RkdTest {
    private static final Arithmetic ARITHMETIC = new BigDlEngine(2).arithmetic();

    @AfterAll
    static void close() {
        ARITHMETIC.close();
    }

    @Test
    void equalsTheDefinitionOverAllTriples() {
        Tensor student = StudentLossCheck.normal(1, 6, 3);
        Tensor teacher = StudentLossCheck.normal(2, 6, 4);
        double sum = 0;
        int large = 0;
        for (int i = 0; i < 6; i++) {
            for (int j = 0; j < 6; j++) {
                for (int k = 0; k < 6; k++) {
                    double difference = Math.abs(cosine(student, i, j, k) - cosine(teacher, i, j, k));
                    large += difference > 1 ? 1 : 0;
                    sum += difference < 1 ? difference * difference / 2 : difference - 0.5;
                }
            }
        }
        assertThat(large).as("differences beyond the knee").isPositive();
        assertThat(Rkd.loss(student, teacher, 0, 1, ARITHMETIC).value()).isCloseTo(sum / 216, within(1e-12));
    }

    private static double cosine(Tensor rows, int i, int j, int k) {
        int columns = rows.shape().dimension(1);
        double product = 0;
        double first = 0;
        double second = 0;
        for (int c = 0; c < columns; c++) {
            double a = (double) rows.values()[j * columns + c] - rows.values()[i * columns + c];
            double b = (double) rows.values()[k * columns + c] - rows.values()[i * columns + c];
            product += a * b;
            first += a * a;
            second += b * b;
        }
        return i == j || i == k ? 0 : product / Math.sqrt(first * second);
    }

    @Test
    void bothRelationsHaveTheirOwnGradient() {
        Tensor teacher = StudentLossCheck.normal(1, 6, 4);
        // One far away, so that distances differ by more than the knee.
        teacher.values()[0] = 20;
        for (double[] weights : new double[][] {{1, 0}, {0, 1}, {25, 50}}) {
            StudentLossCheck.gradientIsFiniteDifference(
                    StudentLossCheck.normal(2, 6, 3),
                    1e-4,
                    s -> Rkd.loss(s, teacher, weights[0], weights[1], ARITHMETIC));
        }
    }

    @Test
    void aSingleImageHasNoRelations() {
        StudentLoss loss =
                Rkd.loss(StudentLossCheck.normal(1, 1, 3), StudentLossCheck.normal(2, 1, 4), 25, 50, ARITHMETIC);
        assertThat(loss.value()).isZero();
        assertThat(loss.gradient().values()).containsOnly(0);
    }

    @Test
    void equalRowsAndOnlyEqualRowsStayFinite() {
        Tensor student = StudentLossCheck.normal(1, 3, 2);
        Tensor teacher = StudentLossCheck.normal(2, 3, 2);
        for (int copies = 2; copies <= 3; copies++) {
            for (int i = 0; i < 2 * copies; i++) {
                student.values()[i] = student.values()[i % 2];
            }
            StudentLoss loss = Rkd.loss(student, teacher, 25, 50, ARITHMETIC);
            assertThat(loss.value()).isFinite().isPositive();
            for (float each : loss.gradient().values()) {
                assertThat(each).isFinite();
            }
        }
    }
}
