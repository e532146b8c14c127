package org.sftn.distill.method;

import static org.assertj.core.api.Assertions.assertThat;
import static org.sftn.ObjectiveRun.zoo;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.sftn.conf.Settings;
import org.sftn.distill.Pair;
import org.sftn.distill.Recipe;
import org.sftn.engine.Arithmetic;
import org.sftn.engine.bigdl.BigDlEngine;
import org.sftn.nn.Tensor;

class SpTest {
    private static final Arithmetic ARITHMETIC = new BigDlEngine(2).arithmetic();

    @AfterAll
    static void close() {
        ARITHMETIC.close();
    }

    @Test
    void theGradientIsTheFiniteDifference() {
        Tensor teacher = StudentLossCheck.normal(1, 3, 2, 2, 2);
        // Products in single precision.
        StudentLossCheck.gradientIsFiniteDifference(
                StudentLossCheck.normal(2, 3, 3, 1, 2), 1e-3, s -> Sp.loss(s, teacher, ARITHMETIC));
    }

    @Test
    void aSingleImageGivesNothing() {
        StudentLoss loss =
                Sp.loss(StudentLossCheck.normal(1, 1, 2, 2, 2), StudentLossCheck.normal(2, 1, 3, 2, 2), ARITHMETIC);
        assertThat(loss.value()).isZero();
        assertThat(loss.gradient().values()).containsOnly(0);
    }

    @Test
    void anImageOfZerosStaysFinite() {
        Tensor student = StudentLossCheck.normal(1, 3, 2, 1, 1);
        Tensor teacher = StudentLossCheck.normal(2, 3, 2, 1, 1);
        Arrays.fill(student.values(), 2, 4, 0);
        StudentLoss loss = Sp.loss(student, teacher, ARITHMETIC);
        assertThat(loss.value()).isFinite().isPositive();
        for (float each : loss.gradient().values()) {
            assertThat(each).isBetween(-1f, 1f);
        }
    }

    @Test
    void theLastStagesAreComparedWhateverTheirNumbers() {
        Pair pair = new Pair(Optional.of(new Pair.Teacher(zoo("resnet32x4"), Map.of())), zoo("resnet8"));
        Recipe recipe = Sp.bind(Settings.of(List.of()), "distill.sp", pair);
        assertThat(recipe.terms().get(Sp.NAME).needs()).containsExactlyInAnyOrder("student.stage3", "teacher.stage3");
    }
}
