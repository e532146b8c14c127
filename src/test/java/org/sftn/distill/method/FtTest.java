package org.sftn.distill.method;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.sftn.conf.UserException;
import org.sftn.engine.Arithmetic;
import org.sftn.engine.mkl.MklArithmetic;
import org.sftn.nn.Network;
import org.sftn.nn.ParameterSpec;
import org.sftn.nn.Shape;
import org.sftn.nn.Tensor;

class FtTest {
    @Test
    void ofTwoResolutionsTheLargerIsPooled() {
        Tensor teacher = Formulas.random(1, 2, 3, 2, 2);
        Tensor student = Formulas.random(2, 2, 4, 5, 5);
        try (Arithmetic arithmetic = new MklArithmetic(2)) {
            Formulas.checkGradient(
                    student,
                    Ft.distance(arithmetic, 3, student, teacher).gradient(),
                    s -> Ft.distance(arithmetic, 3, s, teacher).value());
            assertThat(Ft.distance(arithmetic, 3, student, teacher).value())
                    .isCloseTo(
                            Ft.distance(arithmetic, 3, Maps.pooled(arithmetic, student, teacher), teacher)
                                    .value(),
                            within(1e-9));
        }
    }

    @Test
    void deadFactorsHaveNoGradient() {
        Tensor dead = Tensor.zeros(Shape.of(1, 2, 2, 2));
        try (Arithmetic arithmetic = new MklArithmetic(2)) {
            StudentLoss found = Ft.distance(arithmetic, 1, dead, Formulas.random(1, 1, 2, 2, 2));
            assertThat(found.value()).isFinite().isPositive();
            for (float gradient : found.gradient().values()) {
                assertThat(gradient).isZero();
            }
        }
    }

    @Test
    void theFrozenEncoderIsThePreliminaryStagesWithTheSameNames() {
        Ft ft = bind("resnet14", "resnet8", "0.5");
        Network encoder = ft.frozen().orElseThrow();
        Network trained = ft.preliminary().orElseThrow().method().module().orElseThrow();
        assertThat(names(encoder))
                .containsExactly(
                        "paraphraser.conv1.weight",
                        "paraphraser.conv1.bias",
                        "paraphraser.conv2.weight",
                        "paraphraser.conv2.bias",
                        "paraphraser.conv3.weight",
                        "paraphraser.conv3.bias");
        assertThat(names(trained)).hasSize(12).containsAll(names(encoder));
        assertThat(encoder.inputs()).isEqualTo(Map.of("teacher.stage3", Shape.of(64, 8, 8)));
        assertThat(encoder.tapShape("factor")).isEqualTo(Shape.of(32, 8, 8));
        assertThat(trained.tapShape("reconstruction")).isEqualTo(Shape.of(64, 8, 8));
        assertThat(ft.module().orElseThrow().tapShape("factor")).isEqualTo(Shape.of(32, 8, 8));
        assertThat(ft.needs()).isEqualTo(Set.of("module.factor", "frozen.factor"));
        assertThat(bind("resnet14", "resnet8", "0.1").frozen().orElseThrow().tapShape("factor"))
                .isEqualTo(Shape.of(6, 8, 8));
    }

    private static Iterable<String> names(Network network) {
        return network.parameters().stream().map(ParameterSpec::name).toList();
    }

    private static Ft bind(String teacher, String student, String rate) {
        return (Ft) Formulas.recipe(
                        Formulas.pair(teacher, student, 32),
                        Map.of("distill.method", "ft", "distill.ft.paraphrase-rate", rate))
                .terms()
                .get("ft");
    }

    @Test
    void whatHasNoFactorsOrPixelsIsRefused() {
        assertThatThrownBy(() -> bind("resnet14", "resnet8", "0.01"))
                .isInstanceOf(UserException.class)
                .hasMessage(
                        "distill.ft.paraphrase-rate of 0.01 leaves no factor of the 64 channels of the teacher resnet14");
        assertThatThrownBy(() -> bind("resnet18", "resnet8", "0.5"))
                .isInstanceOf(UserException.class)
                .hasMessage("ft compares the pixels of the last stages of the student resnet8 (64x8x8) and the teacher"
                        + " resnet18 (512x1x1), which must have more than one");
    }
}
