package org.sftn.distill.method;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.sftn.distill.method.Formulas.checkGradient;
import static org.sftn.distill.method.Formulas.pair;
import static org.sftn.distill.method.Formulas.random;
import static org.sftn.distill.method.Formulas.recipe;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.sftn.conf.UserException;
import org.sftn.data.Batch;
import org.sftn.distill.MethodContext;
import org.sftn.distill.MethodLoss;
import org.sftn.distill.Pair;
import org.sftn.engine.Arithmetic;
import org.sftn.engine.mkl.MklArithmetic;
import org.sftn.nn.Shape;
import org.sftn.nn.Taps;
import org.sftn.nn.Tensor;
import org.sftn.train.RankLabels;

class OhTest {
    private static final Map<String, String> OH = Map.of("distill.method", "oh");

    @Test
    void onlyWhatTheReluTellsApartCounts() {
        Tensor student = new Tensor(Shape.of(1, 1, 1, 6), new float[] {3, -3, -3, -0.5f, 2, 2});
        Tensor teacher = new Tensor(Shape.of(1, 1, 1, 6), new float[] {1, 1, -9, -9, -0.5f, 0});
        Tensor margin = new Tensor(Shape.of(1), new float[] {-1});
        try (Arithmetic arithmetic = new MklArithmetic(2)) {
            StudentLoss found = Oh.partialL2(arithmetic, 0.5, student, teacher, margin);
            assertThat(found.value()).isEqualTo(0.5 * (4 + 16 + 0.25 + 6.25 + 4));
            assertThat(found.gradient().values()).containsExactly(2, -4, 0, 0.5f, 2.5f, 2);
        }
    }

    @ParameterizedTest
    @CsvSource({"2, 4", "4, 2"})
    void theTeachersMapsComeToTheStudentsResolution(int studentSize, int teacherSize) {
        try (Arithmetic arithmetic = new MklArithmetic(2)) {
            Tensor student = random(1, 2, 3, studentSize, studentSize);
            Tensor teacher = random(2, 2, 3, teacherSize, teacherSize);
            Tensor margins = new Tensor(Shape.of(3), new float[] {-0.1f, -0.5f, -1});
            checkGradient(
                    student,
                    Oh.partialL2(arithmetic, 1, student, teacher, margins).gradient(),
                    s -> Oh.partialL2(arithmetic, 1, s, teacher, margins).value());
        }
    }

    @Test
    void marginsAreFiniteForEveryBatchNorm() {
        assertThat(Oh.margin(1, 0)).isCloseTo(-Math.sqrt(2 / Math.PI), within(1e-12));
        assertThat(Oh.margin(-1, 0)).isEqualTo(Oh.margin(1, 0));
        assertThat(Oh.margin(1, 3)).isCloseTo(-0.28310, within(1e-5));
        assertThat(Oh.margin(2, 7)).isEqualTo(-6);
        assertThat(Oh.margin(1, -20)).isEqualTo(-20);
        assertThat(Oh.margin(0, 1)).isZero();
        assertThat(Oh.margin(0, -1)).isEqualTo(-1);
        assertThat(Oh.margin(0, 0)).isZero();
        assertThat(Oh.margin(Double.NaN, 0)).isNaN();
    }

    @ParameterizedTest
    @CsvSource({
        "resnet14, stage2.block1.bn2",
        "resnet8, stage2.block0.bn2",
        "wrn_16_1, stage3.block0.bn1",
        "vgg8, stage2.bn1",
        "mobilenet_v2_32, stage2.block2.bn3"
    })
    void marginsAreThoseOfTheBatchNormBeforeTheRelu(String teacher, String batchNorm) {
        Pair pair = pair(teacher, teacher, 32);
        float[] means = pair.saved().values().get(batchNorm + ".bias").values();
        for (int i = 0; i < means.length; i++) {
            means[i] = -i / 10f;
        }
        Tensor margins =
                ((Oh) recipe(pair, OH).terms().get("oh")).stages().get(1).margins();
        for (int i = 0; i < means.length; i++) {
            assertThat(margins.values()[i]).isEqualTo((float) Oh.margin(1, means[i]));
        }
    }

    @Test
    void aTeacherWithoutOneBatchNormIsRefused() {
        assertThatThrownBy(() -> recipe(pair("shufflenet_v2_32", "resnet8", 32), OH))
                .isInstanceOf(UserException.class)
                .hasMessage("oh cannot learn from the teacher shufflenet_v2_32: no one batch-norm makes its"
                        + " stage1.pre-activation, so it has no margins");
    }

    @Test
    void everyStageWeighsTwiceTheOneBefore() {
        Oh method = (Oh) recipe(pair("resnet14", "resnet8", 32), OH).terms().get("oh");
        assertThat(method.weight()).isEqualTo(1);
        assertThat(method.lossDivisor()).isEqualTo(1000);
        Map<String, Tensor> values = new HashMap<>();
        for (int stage = 1; stage <= 3; stage++) {
            Shape shape = method.module()
                    .orElseThrow()
                    .tapShape("stage" + stage + ".connected")
                    .batched(2);
            values.put("module.stage" + stage + ".connected", Tensor.zeros(shape));
            Tensor teacher = Tensor.zeros(shape);
            teacher.values()[stage] = 2;
            values.put("teacher." + Taps.stagePreActivation(stage), teacher);
        }
        List<Double> shares = List.of(0.25, 0.5, 1.);
        // A teacher of 0 wants a student of at most 0, which it is.
        double sum = shares.stream().mapToDouble(share -> share * 4 / 2 / 1000).sum();
        try (Arithmetic arithmetic = new MklArithmetic(2)) {
            RankLabels shard = new RankLabels(new long[] {0, 1}, () -> new int[2], 2, 1);
            MethodLoss.Term term =
                    method.open(new MethodContext(shard, arithmetic)).loss(values, (Batch) null, 0);
            assertThat(term.value()).isCloseTo(sum, within(1e-12));
            for (int stage = 1; stage <= 3; stage++) {
                assertThat(term.gradients()
                                .get("module.stage" + stage + ".connected")
                                .values()[stage])
                        .isCloseTo((float) (-shares.get(stage - 1) * 2 * 2 / 2 / 1000), within(1e-9f));
            }
        }
    }
}
