package org.sftn.distill.method;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.sftn.distill.method.Formulas.checkGradient;
import static org.sftn.distill.method.Formulas.random;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.sftn.engine.Arithmetic;
import org.sftn.engine.mkl.MklArithmetic;
import org.sftn.nn.Shape;
import org.sftn.nn.Tensor;

class NstTest {
    /** By channels, by pixels, and with the student pooled. */
    @ParameterizedTest
    @CsvSource({"2, 3, 4, 4", "6, 7, 2, 2", "6, 7, 4, 2"})
    void valueAndGradientAreThoseOfTheKernel(int cs, int ct, int studentSize, int teacherSize) {
        try (Arithmetic arithmetic = new MklArithmetic(2)) {
            Tensor student = random(1, 2, cs, studentSize, studentSize);
            Tensor teacher = random(2, 2, ct, teacherSize, teacherSize);
            StudentLoss found = Nst.discrepancy(arithmetic, 3, student, teacher);
            assertThat(found.value())
                    .isCloseTo(3 * discrepancy(Maps.pooled(arithmetic, student, teacher), teacher), within(1e-5));
            checkGradient(
                    student, found.gradient(), s -> 3 * discrepancy(Maps.pooled(arithmetic, s, teacher), teacher));
        }
    }

    private static double discrepancy(Tensor student, Tensor teacher) {
        return kernel(student, student) + kernel(teacher, teacher) - 2 * kernel(student, teacher);
    }

    private static double kernel(Tensor a, Tensor b) {
        int pixels = Maps.pixels(a);
        int rowsA = a.shape().dimension(1);
        int rowsB = b.shape().dimension(1);
        double sum = 0;
        for (int image = 0; image < a.batch(); image++) {
            for (int i = image * rowsA; i < (image + 1) * rowsA; i++) {
                for (int j = image * rowsB; j < (image + 1) * rowsB; j++) {
                    double product = product(a, i, b, j, pixels);
                    sum += product * product / product(a, i, a, i, pixels) / product(b, j, b, j, pixels);
                }
            }
        }
        return sum / a.batch() / rowsA / rowsB;
    }

    private static double product(Tensor a, int rowA, Tensor b, int rowB, int pixels) {
        double sum = 0;
        for (int p = 0; p < pixels; p++) {
            sum += (double) a.values()[rowA * pixels + p] * b.values()[rowB * pixels + p];
        }
        return sum;
    }

    @ParameterizedTest
    @CsvSource({"2, 4", "6, 2"})
    void channelsOfZerosHaveNoGradient(int channels, int size) {
        try (Arithmetic arithmetic = new MklArithmetic(2)) {
            Tensor dead = Tensor.zeros(Shape.of(1, channels, size, size));
            StudentLoss found = Nst.discrepancy(arithmetic, 1, dead, random(2, 1, channels, size, size));
            assertThat(found.value()).isPositive().isFinite();
            for (float each : found.gradient().values()) {
                assertThat(each).isCloseTo(0, within(0f));
            }
        }
    }

    @Test
    void equalMapsHaveNoDiscrepancy() {
        try (Arithmetic arithmetic = new MklArithmetic(2)) {
            Tensor map = random(1, 2, 3, 4, 4);
            StudentLoss found = Nst.discrepancy(arithmetic, 1, map, map);
            assertThat(found.value()).isCloseTo(0, within(1e-6));
            for (float each : found.gradient().values()) {
                assertThat(each).isCloseTo(0, within(1e-6f));
            }
        }
    }
}
