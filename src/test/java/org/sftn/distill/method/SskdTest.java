package org.sftn.distill.method;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.sftn.ObjectiveRun.TRAINING;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.sftn.ObjectiveRun;
import org.sftn.conf.Settings;
import org.sftn.conf.UserException;
import org.sftn.data.Batch;
import org.sftn.distill.DistillObjective;
import org.sftn.distill.MethodContext;
import org.sftn.distill.MethodLoss;
import org.sftn.distill.Pair;
import org.sftn.distill.Preliminary;
import org.sftn.distill.Recipe;
import org.sftn.engine.Arithmetic;
import org.sftn.engine.mkl.MklArithmetic;
import org.sftn.nn.ParameterSpec;
import org.sftn.nn.Shape;
import org.sftn.nn.Tensor;
import org.sftn.train.RankLabels;
import org.sftn.zoo.Zoo;

class SskdTest {
    private static final int CLASSES = 4;

    private final Arithmetic arithmetic = new MklArithmetic(2);

    @AfterEach
    void endThreads() {
        arithmetic.close();
    }

    private static Sskd.Terms terms(double wrong) {
        return new Sskd.Terms(new Sskd.Kl(0.9, 4, 1), new Sskd.Kl(2.7, 4, wrong), new Sskd.Kl(10, 0.5, wrong));
    }

    /** Two images: rows 0 and 1 are their first views. The right answers rank 1, 0, 2, 1, 1, 2. */
    @ParameterizedTest
    @CsvSource({"0, 1", "0.2, 0 1", "0.4, 0 1 4", "0.6, 0 1 3 4", "0.8, 0 1 2 3 4", "1, 0 1 2 3 4 5"})
    void wrongRowsAreKeptByRankThenByImageThenByView(double share, String expected) {
        Tensor scores = new Tensor(Shape.of(6, 3), new float[] {2, 3, 1, 1, 3, 2, 1, 3, 2, 9, 5, 7, 2, 2, 5, 1, 0, 1});
        int[] answers = {0, 1, 0, 2, 0, 1};
        String kept = String.join(
                " ",
                IntStream.of(Sskd.kept(scores, answers, share))
                        .mapToObj(String::valueOf)
                        .toList());
        assertThat(kept).isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource({"3, 1", "3, 0.5", "2, 0", "1, 1", "1, 0"})
    void gradientsAreTheSlopesOfTheLoss(int images, double wrong) {
        Random random = new Random(images);
        Sskd.Outputs student = outputs(images, 5, random);
        Sskd.Outputs teacher = outputs(images, 7, random);
        int[] labels = IntStream.range(0, images).map(i -> i % CLASSES).toArray();
        Sskd.Result result = Sskd.of(student, teacher, labels, terms(wrong), arithmetic);
        assertThat(result.value()).isFinite().isPositive();
        for (boolean logits : new boolean[] {true, false}) {
            float[] values = (logits ? student.logits() : student.vectors()).values();
            float[] gradient =
                    (logits ? result.gradients().logits() : result.gradients().vectors()).values();
            for (int i = 0; i < values.length; i++) {
                float before = values[i];
                double[] ends = new double[2];
                for (int end = 0; end < 2; end++) {
                    values[i] = before + (end == 0 ? 1 : -1) * 0x1p-8f;
                    ends[end] = Sskd.of(student, teacher, labels, terms(wrong), arithmetic)
                            .value();
                }
                values[i] = before;
                assertThat((ends[0] - ends[1]) * 0x1p7).isCloseTo(gradient[i], within(1e-3));
            }
        }
    }

    @Test
    void withoutRowsThatAreKeptOnlyPlainImagesTeach() {
        Random random = new Random(1);
        Sskd.Outputs student = outputs(1, 5, random);
        Sskd.Outputs teacher = outputs(1, 7, random);
        int[] ahead = IntStream.range(0, 4 * CLASSES)
                .map(i -> i % CLASSES == 2 ? 9 : 0)
                .toArray();
        for (int i = 0; i < ahead.length; i++) {
            teacher.logits().values()[i] += ahead[i];
        }
        Sskd.Result result = Sskd.of(student, teacher, new int[] {0}, terms(0), arithmetic);
        assertThat(result.value()).isFinite().isPositive();
        float[] ofLogits = result.gradients().logits().values();
        for (int i = CLASSES; i < ofLogits.length; i++) {
            assertThat(ofLogits[i]).isZero();
        }
        for (float slope : result.gradients().vectors().values()) {
            assertThat(slope).isZero();
        }
    }

    @Test
    void theTeachersHeadLearnsToFindThePlainImage() {
        int images = 3;
        Tensor vectors = outputs(images, 5, new Random(4)).vectors();
        MethodLoss method = new SskdHead(5)
                .open(new MethodContext(new RankLabels(new long[3], () -> new int[3], 3, 1), arithmetic));
        Batch batch = new Batch(Tensor.zeros(Shape.of(3, 1, 1, 1)), new int[3], new long[3]);
        MethodLoss.Term term = method.loss(Map.of("module.projection", vectors), batch, 0);
        float[] unit = UnitVectors.of(vectors).rows();
        double loss = 0;
        for (int row = images; row < 4 * images; row++) {
            double sum = 0;
            for (int plain = 0; plain < images; plain++) {
                sum += Math.exp(UnitVectors.dot(unit, row * 5, unit, plain * 5, 5));
            }
            loss += Math.log(sum) - UnitVectors.dot(unit, row * 5, unit, row % images * 5, 5);
        }
        assertThat(term.value()).isCloseTo(loss / 9, within(1e-6));
        assertThat(term.gradients()).containsOnlyKeys("module.projection");
    }

    @Test
    void thePreliminaryStageTrainsTheHeadThatIsFrozenThen() {
        Pair pair = pair(Shape.of(3, 32, 32));
        Recipe recipe = Methods.recipe(settings(Map.of("distill.method", "sskd")), pair);
        assertThat(recipe.crossEntropyWeight()).isEqualTo(0.1);
        assertThat(recipe.terms())
                .isEqualTo(Map.of(
                        "sskd",
                        new Sskd(
                                64,
                                256,
                                new Sskd.Terms(
                                        new Sskd.Kl(0.9, 4, 1), new Sskd.Kl(2.7, 4, 1), new Sskd.Kl(10, 0.5, 0.75)),
                                new Preliminary.Schedule(60, 0.05, List.of(30, 45)))));
        DistillObjective.PreliminaryRun first =
                DistillObjective.first(pair, recipe, TRAINING, 1).orElseThrow();
        assertThat(first.schedule()).isEqualTo(new Preliminary.Schedule(60, 0.05, List.of(30, 45)));
        List<String> heads = List.of(
                "sskd.teacher-head.linear1.weight",
                "sskd.teacher-head.linear1.bias",
                "sskd.teacher-head.linear2.weight",
                "sskd.teacher-head.linear2.bias");
        assertThat(first.objective().network().parameters())
                .extracting(ParameterSpec::name)
                .containsExactlyElementsOf(heads);
        DistillObjective main = DistillObjective.of(pair, recipe, TRAINING, 1);
        assertThat(main.network().parameters())
                .extracting(ParameterSpec::name)
                .contains("sskd.student-head.linear1.weight", "student.fc.weight")
                .doesNotContainAnyElementsOf(heads);
        assertThat(main.views()).isEqualTo(4);
        Sskd sskd = (Sskd) recipe.terms().get("sskd");
        assertThat(sskd.frozen().orElseThrow().parameters())
                .extracting(spec -> "sskd." + spec.name())
                .containsExactlyElementsOf(heads);
    }

    @Test
    void imagesThatAreNotSquareAreRefused() {
        Pair pair = pair(Shape.of(3, 32, 64));
        Settings settings = settings(Map.of("distill.method", "sskd"));
        assertThatThrownBy(() -> Methods.recipe(settings, pair))
                .isInstanceOf(UserException.class)
                .hasMessage("sskd turns images by 90 degrees: images of 3x32x64 are not square");
    }

    @Test
    void theNotesSayWhichBatchIsSeen() {
        assertThat(new Sskd(4, 4, terms(1), new Preliminary.Schedule(1, 0, List.of())).notes(100, 32))
                .containsExactly(
                        "relates the images of one executor's batch to each other: at most 32, not the global batch",
                        "both networks see each image four times: a step takes about four times as long");
    }

    private static Pair pair(Shape image) {
        return new Pair(
                Optional.of(new Pair.Teacher(Zoo.create("resnet8x4", image, ObjectiveRun.CLASSES), Map.of())),
                Zoo.create("resnet8", image, ObjectiveRun.CLASSES));
    }

    private static Settings settings(Map<String, String> values) {
        return Settings.of(List.of(Settings.assignments(values, "test")));
    }

    private static Sskd.Outputs outputs(int images, int features, Random random) {
        return new Sskd.Outputs(gaussian(4 * images, CLASSES, random), gaussian(4 * images, features, random));
    }

    private static Tensor gaussian(int rows, int columns, Random random) {
        Tensor tensor = Tensor.zeros(Shape.of(rows, columns));
        for (int i = 0; i < tensor.values().length; i++) {
            tensor.values()[i] = (float) random.nextGaussian();
        }
        return tensor;
    }
}
