package org.sftn.distill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.entry;
import static org.sftn.ObjectiveRun.TRAINING;
import static org.sftn.ObjectiveRun.training;
import static org.sftn.ObjectiveRun.zoo;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.sftn.ObjectiveRun;
import org.sftn.conf.EngineSettings.Precision;
import org.sftn.conf.Settings;
import org.sftn.conf.UserException;
import org.sftn.data.Batch;
import org.sftn.distill.method.Formulas;
import org.sftn.distill.method.Kd;
import org.sftn.distill.method.LogitScaling;
import org.sftn.distill.method.Methods;
import org.sftn.engine.Arithmetic;
import org.sftn.engine.Engine;
import org.sftn.engine.Executable;
import org.sftn.engine.TrainingExecutable;
import org.sftn.engine.bigdl.BigDlEngine;
import org.sftn.nn.Add;
import org.sftn.nn.BatchNorm;
import org.sftn.nn.Convolution;
import org.sftn.nn.Layout;
import org.sftn.nn.Network;
import org.sftn.nn.ParameterSpec;
import org.sftn.nn.Shape;
import org.sftn.nn.Taps;
import org.sftn.nn.Tensor;
import org.sftn.train.RankLabels;
import org.sftn.train.StepLoss;
import org.sftn.train.loss.CrossEntropy;
import org.sftn.train.loss.Gradients;
import org.sftn.train.loss.Loss;
import org.sftn.zoo.Architecture;
import org.sftn.zoo.Zoo;

class DistillObjectiveTest {
    private static final Architecture RESNET14 = zoo("resnet14");
    private static final Architecture RESNET8 = zoo("resnet8");

    /** A feature method with a trained module and a constant of the teacher: the shape of FitNet. */
    private record FeatureMatch() implements DistillationMethod {
        @Override
        public Set<String> needs() {
            return Set.of("module.regressed", "teacher.stage2");
        }

        @Override
        public Optional<Network> module() {
            int channels = RESNET14.stageShape(2).channels();
            Network.Builder network = Network.builder();
            String in = network.input("student.stage2", RESNET8.stageShape(2));
            network.add("conv", Convolution.same(RESNET8.stageShape(2).channels(), channels, 1, 1), in);
            network.add("bn", new BatchNorm(channels), "conv");
            return Optional.of(network.tap("regressed", "bn").build());
        }

        @Override
        public MethodLoss open(MethodContext context) {
            return FeatureMatch::loss;
        }

        private static MethodLoss.Term loss(Map<String, Tensor> values, Batch batch, int epoch) {
            float[] s = values.get("module.regressed").values();
            float[] t = values.get("teacher.stage2").values();
            Tensor gradient = Tensor.zeros(values.get("module.regressed").shape());
            double sum = 0;
            for (int i = 0; i < s.length; i++) {
                sum += (s[i] - t[i]) * (s[i] - t[i]) / s.length;
                gradient.values()[i] = 2 * (s[i] - t[i]) / s.length;
            }
            Gradients gradients = new Gradients();
            gradients.add("module.regressed", 1, gradient);
            return new MethodLoss.Term(sum, gradients.byTap());
        }
    }

    /** A method whose module sees the teacher too: the shape of CRD's embeddings. */
    private record JointEmbedding() implements DistillationMethod {
        @Override
        public Set<String> needs() {
            return Set.of("module.embedded");
        }

        @Override
        public Optional<Network> module() {
            Network.Builder network = Network.builder();
            String student = network.input("student.stage1", RESNET8.stageShape(1));
            String teacher = network.input("teacher.stage1", RESNET14.stageShape(1));
            network.add(
                    "conv",
                    Convolution.same(
                            RESNET14.stageShape(1).channels(),
                            RESNET8.stageShape(1).channels(),
                            1,
                            1),
                    teacher);
            network.add("add", new Add(), student, "conv");
            return Optional.of(network.tap("embedded", "add").build());
        }

        @Override
        public MethodLoss open(MethodContext context) {
            return JointEmbedding::loss;
        }

        private static MethodLoss.Term loss(Map<String, Tensor> values, Batch batch, int epoch) {
            float[] e = values.get("module.embedded").values();
            Tensor gradient = Tensor.zeros(values.get("module.embedded").shape());
            double sum = 0;
            for (int i = 0; i < e.length; i++) {
                sum += e[i] * e[i] / e.length;
                gradient.values()[i] = 2 * e[i] / e.length;
            }
            return new MethodLoss.Term(sum, Map.of("module.embedded", gradient));
        }
    }

    /** Remembers the frozen teacher that the objective compiles. */
    private static final class Watching implements Engine {
        private final Engine engine = new BigDlEngine(2);
        private final List<Executable> frozen = new ArrayList<>();

        @Override
        public String name() {
            return engine.name();
        }

        @Override
        public String description() {
            return engine.description();
        }

        @Override
        public Precision precision() {
            return engine.precision();
        }

        @Override
        public String library() {
            return engine.library();
        }

        @Override
        public String instructions() {
            return engine.instructions();
        }

        @Override
        public int threads() {
            return engine.threads();
        }

        @Override
        public Layout imageLayout() {
            return Layout.CHANNELS_FIRST;
        }

        @Override
        public Arithmetic arithmetic() {
            return engine.arithmetic();
        }

        @Override
        public TrainingExecutable compileForTraining(Network network, Set<String> outputs, int batch) {
            return engine.compileForTraining(network, outputs, batch);
        }

        @Override
        public Executable compileForInference(Network network, Set<String> outputs, int batch) {
            frozen.add(engine.compileForInference(network, outputs, batch));
            return frozen.get(0);
        }
    }

    @Test
    void notOneBitOfTheTeacherChanges() {
        Map<String, Tensor> values = RESNET14.network().initialValues(5);
        Map<String, float[]> before = new LinkedHashMap<>();
        values.forEach((name, tensor) -> before.put(name, tensor.values().clone()));
        Watching engine = new Watching();
        Map<String, DistillationMethod> terms = Map.of(
                "kd", new Kd(0.9, 4, LogitScaling.RAW), "match", new FeatureMatch(), "joint", new JointEmbedding());
        try (ObjectiveRun run = new ObjectiveRun(distill(0.1, terms, values), engine)) {
            run.descend(3, 0.05f);
            assertThat(engine.frozen).hasSize(1);
            Map<String, Tensor> images =
                    Map.of(Taps.IMAGE, Tensor.zeros(RESNET14.image().batched(2)));
            Map<String, Tensor> taught = engine.frozen.get(0).forward(images);
            try (Executable fresh = new BigDlEngine(2).compileForInference(RESNET14.network(), taught.keySet(), 2)) {
                fresh.load(RESNET14.network().initialValues(5));
                fresh.forward(images)
                        .forEach((tap, tensor) ->
                                assertThat(taught.get(tap).values()).as(tap).containsExactly(tensor.values()));
            }
        }
        values.forEach((name, tensor) -> assertThat(tensor.values()).containsExactly(before.get(name)));
    }

    @Test
    void aMethodsModuleIsTrainedAndNotSaved() {
        DistillObjective objective = distill(
                0,
                Map.of("match", new FeatureMatch(), "joint", new JointEmbedding()),
                RESNET14.network().initialValues(5));
        assertThat(objective.network().parameters())
                .extracting(ParameterSpec::name)
                .contains("match.conv.weight", "match.bn.bias", "joint.conv.weight");
        assertThat(objective.model().orElseThrow().parameters())
                .isEqualTo(RESNET8.network().parameters());
        try (ObjectiveRun run = new ObjectiveRun(objective, new Watching())) {
            List<Loss> losses = run.descend(8, 0.05f);
            assertThat(losses.get(0).terms()).containsOnlyKeys("joint", "match");
            assertThat(losses.get(7).total()).isLessThan(0.9 * losses.get(0).total());
            assertThat(run.gradientNorm("joint.conv.weight")).isPositive();
            assertThat(run.gradientNorm("student.stage2.block0.conv1.weight")).isPositive();
            assertThat(run.gradientNorm("student.stage3.block0.conv1.weight")).isZero();
        }
    }

    @Test
    void kdIsCrossEntropyAndSoftenedDivergence() {
        Pair pair = pair(RESNET14.network().initialValues(5));
        Recipe recipe = Methods.recipe(Settings.of(List.of()), pair);
        assertThat(recipe).isEqualTo(new Recipe(0.1, Map.of("kd", new Kd(0.9, 4, LogitScaling.RAW)), pair));
        try (ObjectiveRun run = new ObjectiveRun(DistillObjective.of(pair, recipe, TRAINING, 1), new Watching())) {
            List<Loss> losses = run.descend(8, 0.05f);
            assertThat(losses.get(0).terms()).containsOnlyKeys("ce", "kd");
            assertThat(losses.get(7).total()).isLessThan(losses.get(0).total());
        }
    }

    @Test
    void theStudentAloneNeedsNoTeacherAndStartsFromTheSameWeights() {
        Pair untaught = new Pair(Optional.empty(), RESNET8);
        DistillObjective alone = DistillObjective.of(
                untaught, Methods.recipe(settings("distill.method", "none"), untaught), TRAINING, 1);
        try (ObjectiveRun run = new ObjectiveRun(alone, new Watching())) {
            assertThat(run.gradient().terms()).containsOnlyKeys("ce");
        }
        DistillObjective taught = distill(
                1,
                Map.of("kd", new Kd(1, 1, LogitScaling.RAW)),
                RESNET14.network().initialValues(5));
        alone.initialValues()
                .forEach((name, value) -> assertThat(value.values())
                        .containsExactly(taught.initialValues().get(name).values()));
    }

    @Test
    void theStudentsLabelsAreSmoothed() {
        Pair untaught = new Pair(Optional.empty(), RESNET8);
        DistillObjective alone = DistillObjective.of(
                untaught,
                Methods.recipe(settings("distill.method", "none"), untaught),
                training(Map.of("label-smoothing", "0.2")),
                1);
        int[] labels = {3, 0};
        Tensor logits = Formulas.random(1, 2, ObjectiveRun.CLASSES);
        Batch batch = new Batch(Tensor.zeros(Shape.of(2, 3, 32, 32)), labels, new long[] {0, 1});
        try (StepLoss loss = alone.open(new BigDlEngine(1), new RankLabels(batch.indices(), () -> labels, 2, 1))) {
            CrossEntropy expected = CrossEntropy.of(logits, labels, 0.2);
            Loss found = loss.loss(batch, Map.of("student.logits", logits), 0);
            assertThat(found.terms()).containsExactly(entry("ce", expected.value()));
            assertThat(found.gradients().get("student.logits").values())
                    .isEqualTo(expected.gradient().values());
        }
    }

    @Test
    void blocksOfTheStudentMayStartWithScaleZeroAndOfTheFrozenTeacherDoNot() {
        Map<String, Tensor> taught = RESNET14.network().initialValues(5);
        Pair pair = pair(taught);
        Recipe recipe = Methods.recipe(Settings.of(List.of()), pair);
        DistillObjective zero = DistillObjective.of(pair, recipe, training(Map.of("zero-init-residual", "true")), 1);
        DistillObjective.of(pair, recipe, TRAINING, 1)
                .initialValues()
                .forEach((name, tensor) -> assertThat(
                                zero.initialValues().get(name).values())
                        .as(name)
                        .isEqualTo(
                                name.matches("student\\.stage.\\.block.\\.bn2\\.weight")
                                        ? new float[tensor.values().length]
                                        : tensor.values()));
        assertThat(taught.get("stage1.block0.bn2.weight").values()).containsOnly(1);
    }

    @Test
    void aTeacherOfOtherClassesOrNoneIsRefused() {
        Architecture other = Zoo.create("resnet14", RESNET14.image(), 100);
        assertThatThrownBy(() -> new Pair(Optional.of(new Pair.Teacher(other, Map.of())), RESNET8))
                .isInstanceOf(UserException.class)
                .hasMessage("the teacher (resnet14) cannot teach here: it knows 100 classes of images of 3x32x32,"
                        + " the data have 10 classes of images of 3x32x32");
        Pair untaught = new Pair(Optional.empty(), RESNET8);
        Recipe kd = Methods.recipe(settings("distill.method", "kd"), untaught);
        assertThatThrownBy(() -> DistillObjective.of(untaught, kd, TRAINING, 1))
                .isInstanceOf(UserException.class)
                .hasMessage("this method needs a teacher: distill.teacher is empty");
    }

    @Test
    void anUnknownMethodNamesThoseThatThereAreAndTheNearest() {
        assertThatThrownBy(() -> Methods.recipe(settings("distill.method", "kdd"), pair(Map.of())))
                .isInstanceOf(UserException.class)
                .hasMessageStartingWith("distill.method cannot be 'kdd'; there are none, kd")
                .hasMessageEndingWith("; did you mean 'kd'?");
    }

    @Test
    void kdIsAddedToAnyOtherMethod() {
        Recipe both = Methods.recipe(
                settings(
                        "distill.method",
                        "none",
                        "distill.add-kd",
                        "0.5",
                        "distill.kd.temperature",
                        "2",
                        "distill.kd.standardize-logits",
                        "true"),
                pair(Map.of()));
        assertThat(both)
                .isEqualTo(new Recipe(1, Map.of("kd", new Kd(0.5, 2, LogitScaling.STANDARDIZED)), pair(Map.of())));
        assertThatThrownBy(() -> Methods.recipe(settings("distill.add-kd", "0.5"), pair(Map.of())))
                .isInstanceOf(UserException.class)
                .hasMessage("distill.add-kd is 0.5, but distill.method is kd already: set distill.kd.weight");
    }

    private static Settings settings(String... values) {
        Map<String, String> map = new LinkedHashMap<>();
        for (int i = 0; i < values.length; i += 2) {
            map.put(values[i], values[i + 1]);
        }
        return Settings.of(List.of(Settings.assignments(map, "test")));
    }

    private static Pair pair(Map<String, Tensor> teacher) {
        return new Pair(Optional.of(new Pair.Teacher(RESNET14, teacher)), RESNET8);
    }

    private static DistillObjective distill(
            double crossEntropyWeight, Map<String, DistillationMethod> terms, Map<String, Tensor> teacher) {
        return DistillObjective.of(pair(teacher), new Recipe(crossEntropyWeight, terms, pair(teacher)), TRAINING, 1);
    }
}
