package org.sftn.distill.method;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.sftn.conf.UserException;
import org.sftn.distill.DistillationMethod;
import org.sftn.distill.Preliminary;
import org.sftn.distill.Recipe;
import org.sftn.engine.Arithmetic;
import org.sftn.engine.mkl.MklArithmetic;
import org.sftn.nn.Convolution;
import org.sftn.nn.Network;
import org.sftn.nn.Shape;
import org.sftn.nn.Tensor;
import org.sftn.nn.TransposedConvolution;

class AbTest {
    private static final Map<String, String> SETTINGS = Map.of("distill.method", "ab");

    @Test
    void aNeuronIsOnItsSideOfZeroBeyondTheMargin() {
        float smallest = Float.MIN_VALUE;
        Tensor student = map(-2, 0.5f, 1, 3, -2, -0.5f, 0.5f, 3);
        Tensor teacher = map(smallest, 1, 7, Float.MAX_VALUE, -smallest, 0, -1, -Float.MAX_VALUE);
        try (Arithmetic arithmetic = new MklArithmetic(2)) {
            StudentLoss found = Ab.distance(arithmetic, 0.5, 1, student, teacher);
            assertThat(found.gradient().values()).containsExactly(-3, -0.5f, 0, 0, 0, 0.5f, 1.5f, 4);
            assertThat(found.value()).isCloseTo(0.5 * (9 + 0.25 + 0.25 + 2.25 + 16), within(1e-6));
        }
    }

    private static Tensor map(float... values) {
        return new Tensor(Shape.of(1, 2, 2, 2), values);
    }

    @Test
    void aStudentThatIsNotANumberGivesALossThatIsNone() {
        try (Arithmetic arithmetic = new MklArithmetic(2)) {
            Tensor student = map(Float.NaN, 0, 0, 0, 0, 0, 0, 0);
            assertThat(Ab.distance(arithmetic, 1, 1, student, map(1, 1, 1, 1, 1, 1, 1, 1))
                            .value())
                    .isNaN();
        }
    }

    @Test
    void aConnectorIsThereWhereShapesDiffer() {
        Network narrow = connectors("resnet14", "resnet8");
        assertThat(narrow.nodes()).isEmpty();
        assertThat(narrow.taps().keySet()).containsExactly("stage1", "stage2", "stage3");

        Network wide = connectors("resnet8x4", "resnet8");
        assertThat(wide.nodes().get(0).layer()).isEqualTo(Convolution.same(16, 64, 1, 1));
        assertThat(connectors("resnet8x4", "shufflenet_v1_32").nodes().get(0).layer())
                .isEqualTo(new TransposedConvolution(240, 64, 4, 2, 1));
        assertThat(connectors("shufflenet_v1_32", "resnet8x4").nodes().get(0).layer())
                .isEqualTo(Convolution.same(64, 240, 3, 2));
    }

    private static Network connectors(String teacher, String student) {
        Recipe recipe = Formulas.recipe(Formulas.pair(teacher, student, 32), SETTINGS);
        DistillationMethod ab = recipe.terms().get("ab");
        assertThat(recipe.crossEntropyWeight()).isEqualTo(1);
        assertThat(ab.needs()).isEmpty();
        assertThat(ab.module()).isEmpty();
        return ab.preliminary().orElseThrow().method().module().orElseThrow();
    }

    @Test
    void thePreliminaryStageReadsMapsBeforeTheirRelu() {
        Recipe recipe = Formulas.recipe(Formulas.pair("wrn_16_2", "wrn_16_1", 32), SETTINGS);
        Preliminary preliminary = recipe.terms().get("ab").preliminary().orElseThrow();
        assertThat(preliminary.schedule()).isEqualTo(new Preliminary.Schedule(30, 0, List.of()));
        assertThat(preliminary.method().needs())
                .isEqualTo(Set.of(
                        "module.stage1",
                        "module.stage2",
                        "module.stage3",
                        "teacher.stage1.pre-activation",
                        "teacher.stage2.pre-activation",
                        "teacher.stage3.pre-activation"));
        assertThat(preliminary.method().module().orElseThrow().inputs())
                .containsOnlyKeys(
                        "student.stage1.pre-activation",
                        "student.stage2.pre-activation",
                        "student.stage3.pre-activation");
    }

    @Test
    void mapsThatCannotBeConnectedAreRefused() {
        assertThatThrownBy(() -> connectors("resnet50_32", "resnet18"))
                .isInstanceOf(UserException.class)
                .hasMessage("ab cannot compare stage 1 of the student resnet18 (64x8x8) with stage 1 of the teacher"
                        + " resnet50_32 (256x32x32): their resolutions are not equal, nor is one twice the other");
    }
}
