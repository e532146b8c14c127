package org.sftn.distill.method;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.sftn.ObjectiveRun.TRAINING;
import static org.sftn.distill.method.Formulas.checkGradient;
import static org.sftn.distill.method.Formulas.pair;
import static org.sftn.distill.method.Formulas.random;
import static org.sftn.distill.method.Formulas.recipe;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.sftn.ObjectiveRun;
import org.sftn.conf.UserException;
import org.sftn.distill.DistillObjective;
import org.sftn.distill.Pair;
import org.sftn.distill.Preliminary;
import org.sftn.distill.Recipe;
import org.sftn.engine.Arithmetic;
import org.sftn.engine.bigdl.BigDlEngine;
import org.sftn.engine.mkl.MklArithmetic;
import org.sftn.nn.ParameterSpec;
import org.sftn.nn.Tensor;
import org.sftn.train.loss.Loss;

class FspTest {
    private static final Map<String, String> FSP = Map.of("distill.method", "fsp");

    /** The upper map is the larger one, and teacher and student differ in resolution. */
    @Test
    void gradientsAreThoseOfTheDistance() {
        try (Arithmetic arithmetic = new MklArithmetic(2)) {
            Tensor bottom = random(1, 2, 3, 2, 2);
            Tensor top = random(2, 2, 2, 4, 4);
            Fsp.Flow teacher = new Fsp.Flow(random(3, 2, 3, 6, 6), random(4, 2, 2, 3, 3));
            Fsp.Distance found = Fsp.Distance.of(arithmetic, new Fsp.Flow(bottom, top), teacher);
            checkGradient(
                    bottom,
                    found.gradientOfBottom(),
                    b -> Fsp.Distance.of(arithmetic, new Fsp.Flow(b, top), teacher)
                            .value());
            checkGradient(
                    top,
                    found.gradientOfTop(),
                    t -> Fsp.Distance.of(arithmetic, new Fsp.Flow(bottom, t), teacher)
                            .value());
        }
    }

    @Test
    void thePreliminaryStageTrainsAllButTheClassifier() {
        Pair pair = pair("resnet32x4", "resnet8x4", 32);
        Recipe recipe = recipe(pair, FSP);
        assertThat(recipe.crossEntropyWeight()).isEqualTo(1);
        assertThat(recipe.terms().get("fsp").needs()).isEmpty();
        DistillObjective.PreliminaryRun first =
                DistillObjective.first(pair, recipe, TRAINING, 1).orElseThrow();
        assertThat(first.schedule()).isEqualTo(new Preliminary.Schedule(30, 0, List.of()));
        assertThat(first.objective().taps())
                .containsExactly("student.stage1", "student.stage2", "student.stage3", "student.stem");
        assertThat(first.objective().network().parameters())
                .extracting(ParameterSpec::name)
                .contains("student.conv1.weight", "student.stage3.block0.conv2.weight")
                .doesNotContain("student.fc.weight");
    }

    @Test
    void thePreliminaryStageBringsTheFlowsTogether() {
        Pair pair = pair("resnet14", "resnet8", 32);
        DistillObjective objective = DistillObjective.first(pair, recipe(pair, FSP), TRAINING, 1)
                .orElseThrow()
                .objective();
        try (ObjectiveRun run = new ObjectiveRun(objective, new BigDlEngine(2))) {
            List<Loss> losses = run.descend(6, 0.01f);
            assertThat(losses.get(0).terms()).containsOnlyKeys("fsp");
            assertThat(losses.get(5).total()).isLessThan(losses.get(0).total());
        }
    }

    @Test
    void otherWidthsAreRefused() {
        assertThatThrownBy(() -> recipe(pair("wrn_40_2", "wrn_40_1", 32), FSP))
                .isInstanceOf(UserException.class)
                .hasMessage("fsp cannot compare stage1 of the student wrn_40_1 (16x32x32) with stage1 of the teacher"
                        + " wrn_40_2 (32x32x32): both need the same number of channels");
    }

    @Test
    void consecutiveMapsThatAreNoMultiplesAreRefused() {
        assertThatThrownBy(() -> recipe(pair("resnet34", "resnet18", 36), FSP))
                .isInstanceOf(UserException.class)
                .hasMessage("fsp cannot multiply stage1 (64x9x9) and stage2 (128x5x5) of the student resnet18: neither"
                        + " resolution is a whole multiple of the other");
    }
}
