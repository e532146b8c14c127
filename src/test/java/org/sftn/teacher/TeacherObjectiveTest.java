package org.sftn.teacher;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.params.provider.Arguments.arguments;
import static org.sftn.ObjectiveRun.TRAINING;
import static org.sftn.ObjectiveRun.saved;
import static org.sftn.ObjectiveRun.training;
import static org.sftn.ObjectiveRun.zoo;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.sftn.ObjectiveRun;
import org.sftn.conf.TeacherSettings;
import org.sftn.conf.TeacherSettings.Kl;
import org.sftn.conf.UserException;
import org.sftn.data.Batch;
import org.sftn.engine.bigdl.BigDlEngine;
import org.sftn.model.SavedModel;
import org.sftn.nn.Convolution;
import org.sftn.nn.Layer;
import org.sftn.nn.Network;
import org.sftn.nn.ParameterSpec;
import org.sftn.nn.Shape;
import org.sftn.nn.Tensor;
import org.sftn.nn.TransposedConvolution;
import org.sftn.train.RankLabels;
import org.sftn.train.StepLoss;
import org.sftn.train.loss.CrossEntropy;
import org.sftn.train.loss.Loss;
import org.sftn.zoo.Architecture;
import org.sftn.zoo.Zoo;

class TeacherObjectiveTest {
    private static TeacherSettings settings(double lambdaT, double lambdaKl, double lambdaCe, boolean share) {
        return new TeacherSettings("", "", "", lambdaT, lambdaKl, lambdaCe, 2, Kl.TEACHER_BRANCH, false, share);
    }

    private static TeacherObjective objective(String teacher, String student, TeacherSettings settings) {
        return TeacherObjective.of(settings, TRAINING, zoo(teacher), Optional.of(zoo(student)), Optional.empty(), 1);
    }

    private static ObjectiveRun run(TeacherObjective objective) {
        return new ObjectiveRun(objective, new BigDlEngine(2));
    }

    private static Map<String, Shape> parameters(Network network) {
        return network.parameters().stream().collect(Collectors.toMap(ParameterSpec::name, ParameterSpec::shape));
    }

    @Test
    void aStandardTeacherIsTheTeacherAlone() {
        TeacherObjective standard = TeacherObjective.of(
                settings(1, 3, 1, false), TRAINING, zoo("resnet14"), Optional.empty(), Optional.empty(), 1);
        assertThat(standard.network().parameterCount())
                .isEqualTo(zoo("resnet14").network().parameterCount());
        assertThat(standard.taps()).containsExactly("teacher.logits");
        try (ObjectiveRun run = run(standard)) {
            Loss loss = run.gradient();
            assertThat(loss.terms()).containsOnlyKeys("teacher-ce");
            assertThat(loss.total()).isFinite().isEqualTo(loss.terms().get("teacher-ce"));
        }
    }

    @Test
    void everyStageButTheLastGrowsABranch() {
        TeacherObjective joint = objective("resnet14", "resnet8", settings(1, 3, 1, false));
        assertThat(parameters(joint.network()))
                .containsEntry("transform1.conv.weight", Shape.of(16, 16, 3, 3))
                .containsEntry("transform2.conv.weight", Shape.of(32, 32, 3, 3))
                .containsKeys("branch1.stage2.block0.conv1.weight", "branch1.fc.weight")
                .containsKeys("branch2.stage3.block0.conv1.weight", "branch2.fc.bias")
                .doesNotContainKeys("branch1.stage1.block0.conv1.weight", "branch2.stage2.block0.conv1.weight")
                .doesNotContainKey("transform3.conv.weight");
        assertThat(joint.taps()).containsExactlyInAnyOrder("teacher.logits", "branch1.logits", "branch2.logits");
        assertThat(parameters(joint.model().orElseThrow()))
                .isEqualTo(parameters(zoo("resnet14").network()));
    }

    @Test
    void otherWidthsAreJoinedByTheTransforms() {
        assertThat(parameters(objective("wrn_16_2", "resnet8x4", settings(1, 3, 1, false))
                        .network()))
                .containsEntry("transform1.conv.weight", Shape.of(64, 32, 3, 3))
                .containsEntry("transform2.conv.weight", Shape.of(128, 64, 3, 3));
    }

    /** The pairs of arXiv 2102.07650; then the number of branches and the stride of their transforms. */
    static Stream<Arguments> pairsOfThePaper() {
        return Stream.of(
                arguments("wrn_40_2", "wrn_16_2", 2, 1),
                arguments("wrn_40_2", "wrn_40_1", 2, 1),
                arguments("resnet56", "resnet20", 2, 1),
                arguments("resnet110", "resnet20", 2, 1),
                arguments("resnet110", "resnet32", 2, 1),
                arguments("resnet32x4", "resnet8x4", 2, 1),
                arguments("vgg13", "vgg8", 3, 1),
                arguments("vgg13", "mobilenet_v2_32", 3, 1),
                arguments("resnet50_32", "mobilenet_v2_32", 3, 2),
                arguments("resnet50_32", "vgg8", 3, 2),
                arguments("resnet32x4", "shufflenet_v1_32", 2, 2),
                arguments("resnet32x4", "shufflenet_v2_32", 2, 2),
                arguments("wrn_40_2", "shufflenet_v1_32", 2, 2));
    }

    @ParameterizedTest
    @MethodSource("pairsOfThePaper")
    void thePaperJoinsStageByStage(String teacher, String student, int branches, int stride) {
        Network joint = objective(teacher, student, settings(1, 3, 1, false)).network();
        for (int i = 1; i <= branches; i++) {
            int in = zoo(teacher).stageShape(i).channels();
            Shape to = zoo(student).stageShape(i);
            assertThat(layer(joint, "transform" + i + ".conv"))
                    .isEqualTo(Convolution.same(in, to.channels(), 3, stride));
            assertThat(joint.tapShape("transform" + i + ".transformed")).isEqualTo(to);
            assertThat(joint.tapShape("branch" + i + ".logits")).isEqualTo(Shape.of(ObjectiveRun.CLASSES));
        }
        assertThat(joint.taps()).doesNotContainKey("branch" + (branches + 1) + ".logits");
    }

    private static Layer layer(Network network, String node) {
        return network.nodes().stream()
                .filter(n -> n.name().equals(node))
                .findFirst()
                .orElseThrow()
                .layer();
    }

    @Test
    void otherNumbersOfStagesAreMatchedByResolution() {
        assertThat(Branch.of(zoo("resnet50_32"), zoo("resnet8x4"))).containsExactly(new Branch(1, 1), new Branch(2, 2));
        assertThat(Branch.of(zoo("resnet50_32"), zoo("shufflenet_v2_32")))
                .containsExactly(new Branch(2, 1), new Branch(3, 2));
        assertThat(Branch.of(zoo("vgg13"), zoo("shufflenet_v1_32")))
                .containsExactly(new Branch(1, 1), new Branch(2, 2));
        assertThat(Branch.of(zoo("resnet32x4"), zoo("vgg8"))).containsExactly(new Branch(2, 1));
        assertThat(Branch.of(zoo("wrn_40_2"), zoo("mobilenet_v2_32"))).containsExactly(new Branch(2, 1));
    }

    @Test
    void everyPairForSmallImagesCanBeJoined() {
        List<Architecture> small = Zoo.names().stream()
                .filter(name -> Zoo.published(name).image().height() == 32)
                .map(ObjectiveRun::zoo)
                .toList();
        for (Architecture teacher : small) {
            for (Architecture student : small) {
                assertThat(Branch.of(teacher, student)).isNotEmpty();
            }
        }
    }

    @Test
    void oddResolutionsAreJoinedToo() {
        Shape image = Shape.of(1, 44, 36);
        List<Branch> branches = Branch.of(Zoo.create("resnet50_32", image, 2), Zoo.create("mobilenet_v2_32", image, 2));
        assertThat(branches).containsExactly(new Branch(1, 1), new Branch(2, 2), new Branch(3, 3));
    }

    @Test
    void otherResolutionsAreJoinedByStrides() {
        Shape large = Shape.of(16, 32, 32);
        Shape small = Shape.of(8, 16, 16);
        assertThat(Branch.convolution(large, small)).contains(Convolution.same(16, 8, 3, 2));
        assertThat(Branch.convolution(small, large)).contains(new TransposedConvolution(8, 16, 4, 2, 1));
        assertThat(Branch.convolution(large, Shape.of(8, 8, 8))).isEmpty();
    }

    @Test
    void aPairThatCannotBeJoinedIsRefusedWithItsShapes() {
        Architecture teacher = zoo("resnet8");
        Architecture quarter = Zoo.create("resnet8", Shape.of(3, 8, 8), ObjectiveRun.CLASSES);
        assertThatThrownBy(() -> Branch.of(teacher, quarter))
                .isInstanceOf(UserException.class)
                .hasMessage(
                        "a branch of resnet8 cannot grow from stage 1 of resnet8: 16x32x32 does not become 16x8x8 by a factor of 1, 2 or 1/2");
        assertThatThrownBy(() -> objective("resnet50", "resnet50_32", settings(1, 3, 1, false)))
                .isInstanceOf(UserException.class)
                .hasMessage(
                        "a branch of resnet50_32 cannot grow from stage 1 of resnet50: 256x8x8 does not become 256x32x32 by a factor of 1, 2 or 1/2");
        assertThatThrownBy(() -> objective("resnet34", "resnet8x4", settings(1, 3, 1, false)))
                .isInstanceOf(UserException.class)
                .hasMessage("resnet8x4 cannot grow from resnet34: no stage before the last of the student "
                        + "([64x32x32, 128x16x16, 256x8x8]) has the resolution of one of the teacher "
                        + "([64x8x8, 128x4x4, 256x2x2, 512x1x1])");
    }

    @Test
    void branchesTrainTheTeachersBlocksThroughTheTransforms() {
        // Without the teacher's own terms its stages are reached by the branches only, its classifier not at all.
        try (ObjectiveRun run = run(objective("resnet8", "resnet8", settings(0, 0, 1, false)))) {
            run.gradient();
            assertThat(run.gradientNorm("teacher.stage1.block0.conv1.weight")).isPositive();
            assertThat(run.gradientNorm("teacher.stage2.block0.conv1.weight")).isPositive();
            assertThat(run.gradientNorm("transform1.conv.weight")).isPositive();
            assertThat(run.gradientNorm("teacher.stage3.block0.conv1.weight")).isZero();
            assertThat(run.gradientNorm("teacher.fc.weight")).isZero();
        }
    }

    @Test
    void theKlTermTrainsTheTeachersLogits() {
        try (ObjectiveRun run = run(objective("resnet8", "resnet8", settings(0, 1, 0, false)))) {
            run.gradient();
            assertThat(run.gradientNorm("teacher.fc.weight")).isPositive();
        }
    }

    @Test
    void theJointLossFalls() {
        try (ObjectiveRun run = run(objective("wrn_16_1", "resnet8", settings(1, 3, 1, false)))) {
            List<Loss> losses = run.descend(8, 0.02f);
            assertThat(losses.get(0).terms()).containsOnlyKeys("teacher-ce", "branch-kl", "branch-ce");
            assertThat(losses.get(7).total()).isLessThan(0.9 * losses.get(0).total());
        }
    }

    @Test
    void sharedBranchesAreOneSetOfWeightsWithTheSumOfTheGradients() {
        TeacherObjective apart = objective("resnet8", "resnet8", settings(1, 3, 1, false));
        TeacherObjective shared = objective("resnet8", "resnet8", settings(1, 3, 1, true));
        assertThat(shared.network().parameters())
                .extracting(ParameterSpec::name)
                .noneMatch(n -> n.startsWith("branch2."));
        Map<String, Tensor> equal = new LinkedHashMap<>(apart.initialValues());
        equal.replaceAll((name, value) ->
                name.startsWith("branch2.") ? apart.initialValues().get(name.replace("branch2.", "branch1.")) : value);
        try (ObjectiveRun two = run(apart);
                ObjectiveRun one = run(shared)) {
            two.load(equal);
            assertThat(one.gradient().total()).isEqualTo(two.gradient().total());
            for (String name : List.of("stage3.block0.conv1.weight", "stage3.block0.bn1.bias", "fc.weight")) {
                float[] first = two.gradient("branch1." + name);
                float[] second = two.gradient("branch2." + name);
                float[] sum = one.gradient("branch1." + name);
                for (int i = 0; i < sum.length; i++) {
                    // The same two sums added in another order, in single precision.
                    assertThat(sum[i]).isCloseTo(first[i] + second[i], within(1e-5f + 1e-4f * Math.abs(first[i])));
                }
            }
        }
    }

    @Test
    void aSavedTeacherIsTheStart() {
        Map<String, Tensor> values = zoo("resnet8").network().initialValues(77);
        TeacherObjective joint = TeacherObjective.of(
                settings(1, 3, 1, false),
                TRAINING,
                zoo("resnet8"),
                Optional.of(zoo("resnet8")),
                Optional.of(saved("resnet8", 10, values)),
                1);
        float[] own =
                joint.network().initialValues(1).get("teacher.conv1.weight").values();
        assertThat(values.get("conv1.weight").values()).isNotEqualTo(own);
        assertThat(joint.initialValues().get("teacher.conv1.weight").values())
                .containsExactly(values.get("conv1.weight").values());
    }

    @Test
    void anotherTeacherCannotBeTheStart() {
        SavedModel other = saved("resnet20", 100, Map.of());
        assertThatThrownBy(() -> TeacherObjective.of(
                        settings(1, 3, 1, false), TRAINING, zoo("resnet8"), Optional.empty(), Optional.of(other), 1))
                .isInstanceOf(UserException.class)
                .hasMessage(
                        "teacher.start-from holds resnet20 with 100 classes; a resnet8 with 10 classes cannot start from it");
    }

    @Test
    void theLabelsOfTeacherAndBranchesAreSmoothed() {
        TeacherObjective joint = TeacherObjective.of(
                settings(2, 3, 1, false),
                training(Map.of("label-smoothing", "0.2")),
                zoo("resnet8"),
                Optional.of(zoo("resnet8")),
                Optional.empty(),
                1);
        int[] labels = {3, 0};
        Tensor teacher = logits(1);
        Tensor branch1 = logits(2);
        Tensor branch2 = logits(3);
        Batch batch = new Batch(Tensor.zeros(Shape.of(2, 3, 32, 32)), labels, new long[] {0, 1});
        RankLabels shard = new RankLabels(batch.indices(), () -> labels, 2, 1);
        try (StepLoss loss = joint.open(new BigDlEngine(1), shard)) {
            Map<String, Double> terms = loss.loss(
                            batch,
                            Map.of("teacher.logits", teacher, "branch1.logits", branch1, "branch2.logits", branch2),
                            0)
                    .terms();
            double branches = CrossEntropy.of(branch1, labels, 0.2).value()
                    + CrossEntropy.of(branch2, labels, 0.2).value();
            assertThat(terms.get("teacher-ce"))
                    .isEqualTo(2 * CrossEntropy.of(teacher, labels, 0.2).value());
            assertThat(terms.get("branch-ce")).isCloseTo(branches / 2, within(1e-12));
        }
    }

    private static Tensor logits(int seed) {
        Random random = new Random(seed);
        Tensor logits = Tensor.zeros(Shape.of(2, ObjectiveRun.CLASSES));
        for (int i = 0; i < logits.values().length; i++) {
            logits.values()[i] = (float) random.nextGaussian();
        }
        return logits;
    }

    @Test
    void blocksOfTeacherAndBranchesMayStartWithScaleZero() {
        TeacherObjective ordinary = objective("resnet14", "resnet8", settings(1, 3, 1, false));
        TeacherObjective zero = TeacherObjective.of(
                settings(1, 3, 1, false),
                training(Map.of("zero-init-residual", "true")),
                zoo("resnet14"),
                Optional.of(zoo("resnet8")),
                Optional.empty(),
                1);
        assertThat(zero.initialValues())
                .containsOnlyKeys(ordinary.initialValues().keySet());
        ordinary.initialValues().forEach((name, tensor) -> {
            boolean ends = name.matches("(teacher|branch.)\\.stage.\\.block.\\.bn2\\.weight");
            assertThat(zero.initialValues().get(name).values())
                    .as(name)
                    .isEqualTo(ends ? new float[tensor.values().length] : tensor.values());
        });
        assertThat(zero.initialValues())
                .containsKeys("teacher.stage3.block1.bn2.weight", "branch2.stage3.block0.bn2.weight");
    }
}
