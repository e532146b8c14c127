package org.sftn.distill.method;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.sftn.ObjectiveRun.TRAINING;
import static org.sftn.ObjectiveRun.zoo;

import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.sftn.ObjectiveRun;
import org.sftn.conf.UserException;
import org.sftn.distill.DistillObjective;
import org.sftn.distill.Pair;
import org.sftn.distill.Recipe;
import org.sftn.engine.Executable;
import org.sftn.engine.bigdl.BigDlEngine;
import org.sftn.nn.Network;
import org.sftn.nn.ParameterSpec;
import org.sftn.nn.Shape;
import org.sftn.nn.Taps;
import org.sftn.nn.Tensor;
import org.sftn.train.loss.Loss;
import org.sftn.zoo.Architecture;

class SimKdTest {
    private static final Map<String, String> SETTINGS = Map.of("distill.method", "simkd");

    @Test
    void theSavedStudentEndsInTheTeachersLinearLayer() {
        Pair pair = Formulas.pair("resnet8x4", "resnet8", 32);
        Recipe recipe = Formulas.recipe(pair, SETTINGS);
        Architecture student = recipe.student();
        assertThat(student.name()).isEqualTo("resnet8+resnet8x4");
        assertThat(student.network().nodes())
                .extracting(Network.Node::name)
                .endsWith("projector.conv3", "projector.bn3", "projector.relu3", "pool", "fc");
        assertThat(recipe.crossEntropyWeight()).isZero();
        assertThat(recipe.fixedValues()).containsOnlyKeys("fc.weight", "fc.bias");
        recipe.fixedValues()
                .forEach((name, value) ->
                        assertThat(value).isSameAs(pair.saved().values().get(name)));
        assertThat(recipe.terms().get("simkd").needs()).isEqualTo(Set.of("student.stage4", "teacher.last-map"));
    }

    @Test
    void aFewStepsTrainTheStudentAndItIsEvaluatedWithTheTeachersClassifier() {
        Architecture teacher = zoo("wrn_16_1");
        Map<String, Tensor> values = teacher.network().initialValues(5);
        Pair pair = new Pair(Optional.of(new Pair.Teacher(teacher, values)), zoo("resnet8"));
        DistillObjective objective = DistillObjective.of(pair, Formulas.recipe(pair, SETTINGS), TRAINING, 1);
        assertThat(objective.network().parameters())
                .extracting(ParameterSpec::name)
                .contains("student.conv1.weight", "student.projector.bn3.bias")
                .doesNotContain("student.fc.weight");
        assertThat(objective.logits()).isEmpty();
        try (ObjectiveRun run = new ObjectiveRun(objective, new BigDlEngine(2))) {
            List<Loss> losses = run.descend(8, 0.1f);
            assertThat(losses.get(0).terms()).containsOnlyKeys("simkd");
            assertThat(losses.get(7).total()).isLessThan(0.9 * losses.get(0).total());
        }
        Network model = objective.model().orElseThrow();
        Map<String, Tensor> saved = new LinkedHashMap<>();
        Stream.concat(model.parameters().stream(), model.statistics().stream())
                .forEach(spec -> saved.put(
                        spec.name(),
                        Optional.ofNullable(objective.fixedValues().get(spec.name()))
                                .orElseGet(() -> objective.initialValues().get("student." + spec.name()))));
        assertThat(saved).doesNotContainValue(null);
        assertThat(saved.get("fc.weight").values())
                .containsExactly(values.get("fc.weight").values());
        Architecture rebuilt = zoo(Formulas.recipe(pair, SETTINGS).student().name());
        try (Executable evaluated = new BigDlEngine(1).compileForInference(rebuilt.network(), Set.of(Taps.LOGITS), 2)) {
            evaluated.load(saved);
            Map<String, Tensor> logits = evaluated.forward(Map.of(Taps.IMAGE, Formulas.random(1, 2, 3, 32, 32)));
            assertThat(logits.get(Taps.LOGITS).shape()).isEqualTo(Shape.of(2, ObjectiveRun.CLASSES));
        }
    }

    @Test
    void thePooledMapOfWideResidualNetworksIsBehindTheirLastRelu() {
        assertThat(zoo("wrn_16_1").network().tap(Taps.LAST_MAP)).isEqualTo("relu1");
        assertThat(zoo("mobilenet_v2_32").network().tap(Taps.LAST_MAP)).isEqualTo("relu2");
        assertThat(zoo("resnet8").network().tap(Taps.LAST_MAP)).isEqualTo("stage3.block0.relu2");
    }

    @Test
    void kdBesideItIsRefused() {
        Map<String, String> settings = new HashMap<>(SETTINGS);
        settings.put("distill.add-kd", "1");
        assertThatThrownBy(() -> Formulas.recipe(Formulas.pair("resnet8x4", "resnet8", 32), settings))
                .isInstanceOf(UserException.class)
                .hasMessage(
                        "distill.add-kd is 1.0, but method simkd keeps the teacher's classifier and trains no outputs: set it to 0");
    }
}
