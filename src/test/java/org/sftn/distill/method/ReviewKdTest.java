package org.sftn.distill.method;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.sftn.conf.UserException;
import org.sftn.data.Batch;
import org.sftn.distill.MethodContext;
import org.sftn.engine.Arithmetic;
import org.sftn.engine.mkl.MklArithmetic;
import org.sftn.nn.Network;
import org.sftn.nn.Shape;
import org.sftn.nn.Tensor;
import org.sftn.train.RankLabels;

class ReviewKdTest {
    @Test
    void theWeightGrowsDuringTheWarmUp() {
        Map<String, String> settings = Map.of("distill.reviewkd.warm-up-epochs", "4", "distill.reviewkd.weight", "3");
        double whole = value(settings, 3);
        assertThat(value(settings, 0)).isEqualTo(whole / 4);
        assertThat(value(settings, 1)).isEqualTo(whole / 2);
        assertThat(value(settings, 100)).isEqualTo(whole);
        assertThat(value(Map.of("distill.reviewkd.warm-up-epochs", "0", "distill.reviewkd.weight", "3"), 0))
                .isEqualTo(whole);
    }

    private static double value(Map<String, String> settings, int epoch) {
        ReviewKd method = bind("resnet14", "resnet8", 8, settings);
        Network fusion = method.module().orElseThrow();
        Map<String, Tensor> values = new HashMap<>();
        method.taught().forEach((tap, teacher) -> {
            Shape shape = fusion.tapShape(tap).batched(1);
            values.put("module." + tap, Formulas.random(1, dimensions(shape)));
            values.put(
                    teacher,
                    tap.equals("pooled")
                            ? Formulas.random(2, 1, shape.dimension(1))
                            : Formulas.random(2, dimensions(shape)));
        });
        try (Arithmetic arithmetic = new MklArithmetic(1)) {
            RankLabels shard = new RankLabels(new long[1], () -> new int[1], 1, 1);
            return method.open(new MethodContext(shard, arithmetic))
                    .loss(values, new Batch(values.get("module.stage1"), new int[1], new long[1]), epoch)
                    .value();
        }
    }

    private static int[] dimensions(Shape shape) {
        return shape.dimensions().stream().mapToInt(Integer::intValue).toArray();
    }

    private static ReviewKd bind(String teacher, String student, int imageSize, Map<String, String> settings) {
        Map<String, String> all = new HashMap<>(settings);
        all.put("distill.method", "reviewkd");
        return (ReviewKd) Formulas.recipe(Formulas.pair(teacher, student, imageSize), all)
                .terms()
                .get("reviewkd");
    }

    @Test
    void theTeachersMapsAreThosePreActivationAndTheStudentsByChoice() {
        ReviewKd method = bind("wrn_16_2", "wrn_16_1", 32, Map.of());
        assertThat(method.taught())
                .isEqualTo(Map.of(
                        "pooled", "teacher.pooled",
                        "stage1", "teacher.stage1.pre-activation",
                        "stage2", "teacher.stage2.pre-activation",
                        "stage3", "teacher.stage3.pre-activation"));
        assertThat(method.fusion().inputs())
                .containsOnlyKeys("student.last-map", "student.stage1", "student.stage2", "student.stage3");
        assertThat(bind("wrn_16_2", "wrn_16_1", 32, Map.of("distill.reviewkd.student-maps", "pre-activation"))
                        .fusion()
                        .inputs())
                .containsOnlyKeys(
                        "student.last-map",
                        "student.stage1.pre-activation",
                        "student.stage2.pre-activation",
                        "student.stage3.pre-activation");
    }

    @Test
    void theCommonWidthIsThatOfThePooledValueWithinLimits() {
        assertThat(width("vgg13", "mobilenet_v2_32")).isEqualTo(512);
        assertThat(width("resnet32x4", "resnet8x4")).isEqualTo(256);
    }

    private static int width(String teacher, String student) {
        ReviewKd method = bind(teacher, student, 32, Map.of());
        Network fusion = method.module().orElseThrow();
        for (String tap : fusion.taps().keySet()) {
            Shape taught = Formulas.pair(teacher, student, 32)
                    .teacher()
                    .network()
                    .tapShape(method.taught().get(tap).substring("teacher.".length()));
            assertThat(fusion.tapShape(tap).dimensions().subList(0, taught.rank()))
                    .isEqualTo(taught.dimensions());
        }
        return fusion.shape("stage1.conv1").channels();
    }

    @Test
    void stagesThatAreNotMultiplesAreRefused() {
        assertThatThrownBy(() -> bind("resnet14", "resnet8", 34, Map.of()))
                .isInstanceOf(UserException.class)
                .hasMessage(
                        "reviewkd cannot fuse stage 2 of the student resnet8 and compare it with stage 2 of the teacher resnet14"
                                + " (32x17x17): 9x9 does not become 17x17 by a whole factor");
    }
}
