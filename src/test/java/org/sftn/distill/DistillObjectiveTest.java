package org.sftn.distill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.sftn.ObjectiveRun.saved;
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
import org.sftn.engine.Engine;
import org.sftn.engine.Executable;
import org.sftn.engine.TrainingExecutable;
import org.sftn.engine.bigdl.BigDlEngine;
import org.sftn.model.SavedModel;
import org.sftn.nn.Add;
import org.sftn.nn.BatchNorm;
import org.sftn.nn.Convolution;
import org.sftn.nn.Layout;
import org.sftn.nn.Network;
import org.sftn.nn.ParameterSpec;
import org.sftn.nn.Taps;
import org.sftn.nn.Tensor;
import org.sftn.train.Loss;
import org.sftn.train.loss.Gradients;
import org.sftn.zoo.Architecture;

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
        public Term loss(Map<String, Tensor> values, Batch batch, int epoch) {
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
            return new Term(sum, gradients.byTap());
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
        public Term loss(Map<String, Tensor> values, Batch batch, int epoch) {
            float[] e = values.get("module.embedded").values();
            Tensor gradient = Tensor.zeros(values.get("module.embedded").shape());
            double sum = 0;
            for (int i = 0; i < e.length; i++) {
                sum += e[i] * e[i] / e.length;
                gradient.values()[i] = 2 * e[i] / e.length;
            }
            return new Term(sum, Map.of("module.embedded", gradient));
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
        public Layout imageLayout() {
            return Layout.CHANNELS_FIRST;
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
        Recipe recipe = new Recipe(
                0.1, Map.of("kd", new Kd(0.9, 4), "match", new FeatureMatch(), "joint", new JointEmbedding()));
        try (ObjectiveRun run = new ObjectiveRun(distill(recipe, values), engine)) {
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
                new Recipe(0, Map.of("match", new FeatureMatch(), "joint", new JointEmbedding())),
                RESNET14.network().initialValues(5));
        assertThat(objective.network().parameters())
                .extracting(ParameterSpec::name)
                .contains("match.conv.weight", "match.bn.bias", "joint.conv.weight");
        assertThat(objective.model().parameters()).isEqualTo(RESNET8.network().parameters());
        try (ObjectiveRun run = new ObjectiveRun(objective, new Watching())) {
            List<Loss> losses = run.descend(8, 0.05f);
            assertThat(losses.get(0).terms()).containsOnlyKeys("ce", "joint", "match");
            assertThat(losses.get(7).total()).isLessThan(0.9 * losses.get(0).total());
            assertThat(run.gradientNorm("joint.conv.weight")).isPositive();
            assertThat(run.gradientNorm("student.stage2.block0.conv1.weight")).isPositive();
            assertThat(run.gradientNorm("student.stage3.block0.conv1.weight")).isZero();
        }
    }

    @Test
    void kdIsCrossEntropyAndSoftenedDivergence() {
        Recipe recipe = Methods.named("kd").bind(Settings.of(List.of()), Optional.of(RESNET14), RESNET8);
        assertThat(recipe).isEqualTo(new Recipe(0.1, Map.of("kd", new Kd(0.9, 4))));
        try (ObjectiveRun run =
                new ObjectiveRun(distill(recipe, RESNET14.network().initialValues(5)), new Watching())) {
            List<Loss> losses = run.descend(8, 0.05f);
            assertThat(losses.get(0).terms()).containsOnlyKeys("ce", "kd");
            assertThat(losses.get(7).total()).isLessThan(losses.get(0).total());
        }
    }

    @Test
    void theStudentAloneNeedsNoTeacherAndStartsFromTheSameWeights() {
        Recipe recipe = Methods.named("none").bind(Settings.of(List.of()), Optional.empty(), RESNET8);
        DistillObjective alone = DistillObjective.of(RESNET8, Optional.empty(), Optional.empty(), recipe, 1);
        try (ObjectiveRun run = new ObjectiveRun(alone, new Watching())) {
            assertThat(run.gradient().terms()).containsOnlyKeys("ce");
        }
        DistillObjective taught = distill(new Recipe(1, Map.of("kd", new Kd(1, 1))), Map.of());
        alone.initialValues()
                .forEach((name, value) -> assertThat(value.values())
                        .containsExactly(taught.initialValues().get(name).values()));
    }

    @Test
    void aTeacherOfOtherClassesOrNoneIsRefused() {
        Recipe kd = new Recipe(1, Map.of("kd", new Kd(1, 1)));
        SavedModel other = saved("resnet14", 100, Map.of());
        assertThatThrownBy(() -> DistillObjective.of(RESNET8, Optional.of(RESNET14), Optional.of(other), kd, 1))
                .isInstanceOf(UserException.class)
                .hasMessage("the teacher (resnet14) cannot teach here: it knows 100 classes of images of 3x32x32,"
                        + " the data have 10 classes of images of 3x32x32");
        assertThatThrownBy(() -> DistillObjective.of(RESNET8, Optional.empty(), Optional.empty(), kd, 1))
                .isInstanceOf(UserException.class)
                .hasMessage("this method needs a teacher: distill.teacher is empty");
    }

    @Test
    void anUnknownMethodNamesThoseThatThereAre() {
        assertThatThrownBy(() -> Methods.named("kdd"))
                .isInstanceOf(UserException.class)
                .hasMessage("distill.method cannot be 'kdd'; there are none, kd");
    }

    private static DistillObjective distill(Recipe recipe, Map<String, Tensor> teacher) {
        return DistillObjective.of(
                RESNET8, Optional.of(RESNET14), Optional.of(saved("resnet14", 10, teacher)), recipe, 1);
    }
}
