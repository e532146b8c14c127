package org.sftn.distill.method;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.sftn.distill.method.Formulas.checkGradient;
import static org.sftn.distill.method.Formulas.pair;
import static org.sftn.distill.method.Formulas.random;
import static org.sftn.distill.method.Formulas.recipe;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.sftn.conf.UserException;
import org.sftn.engine.Arithmetic;
import org.sftn.engine.mkl.MklArithmetic;
import org.sftn.nn.Shape;
import org.sftn.nn.Tensor;

class AtTest {
    @Test
    void theGradientIsThatOfTheDistance() {
        try (Arithmetic arithmetic = new MklArithmetic(2)) {
            Tensor student = random(1, 1, 3, 4, 4);
            Tensor teacher = random(2, 1, 5, 2, 2);
            checkGradient(
                    student,
                    At.distance(arithmetic, 7, student, teacher).gradient(),
                    s -> At.distance(arithmetic, 7, s, teacher).value());
        }
    }

    @Test
    void aMapOfZerosHasNoGradient() {
        try (Arithmetic arithmetic = new MklArithmetic(2)) {
            Tensor dead = Tensor.zeros(Shape.of(2, 3, 2, 2));
            StudentLoss found = At.distance(arithmetic, 1, dead, random(2, 2, 5, 2, 2));
            assertThat(found.value()).isCloseTo(0.25, within(1e-12));
            for (float each : found.gradient().values()) {
                assertThat(each).isCloseTo(0, within(0f));
            }
        }
    }

    @Test
    void resolutionsThatAreNoMultiplesAreRefused() {
        assertThat(recipe(pair("vgg8", "resnet18", 32), Map.of("distill.method", "at"))
                        .terms()
                        .get("at")
                        .needs())
                .contains("student.stage1", "teacher.stage4")
                .hasSize(8);
        assertThatThrownBy(() -> recipe(pair("vgg8", "resnet18", 40), Map.of("distill.method", "at")))
                .isInstanceOf(UserException.class)
                .hasMessage(
                        "at cannot compare stage 3 of the student resnet18 (256x3x3) with stage 3 of the teacher vgg8"
                                + " (512x5x5): neither resolution is a whole multiple of the other");
    }
}
