package org.sftn.distill.method;

import static org.assertj.core.api.Assertions.assertThat;
import static org.sftn.ObjectiveRun.TRAINING;
import static org.sftn.ObjectiveRun.zoo;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.sftn.ObjectiveRun;
import org.sftn.conf.Settings;
import org.sftn.distill.DistillObjective;
import org.sftn.distill.Pair;
import org.sftn.distill.Recipe;
import org.sftn.engine.bigdl.BigDlEngine;
import org.sftn.nn.Tensor;
import org.sftn.train.loss.Loss;
import org.sftn.zoo.Architecture;

class CcTest {
    @Test
    void theGradientIsTheFiniteDifferenceAndTheTeachersItsNegative() {
        Tensor student = StudentLossCheck.normal(1, 4, 3);
        Tensor teacher = StudentLossCheck.normal(2, 4, 3);
        StudentLossCheck.gradientIsFiniteDifference(student, 1e-4, s -> Cc.loss(s, teacher));
        StudentLossCheck.gradientIsFiniteDifference(teacher, 1e-4, t -> {
            StudentLoss loss = Cc.loss(student, t);
            for (int i = 0; i < loss.gradient().values().length; i++) {
                loss.gradient().values()[i] *= -1;
            }
            return loss;
        });
    }

    @Test
    void aSingleImageGivesNothing() {
        StudentLoss loss = Cc.loss(StudentLossCheck.normal(1, 1, 3), StudentLossCheck.normal(2, 1, 3));
        assertThat(loss.value()).isZero();
        assertThat(loss.gradient().values()).containsOnly(0);
    }

    @Test
    void bothEmbeddingsAreTrained() {
        Architecture teacher = zoo("resnet8x4");
        Pair pair =
                new Pair(Optional.of(new Pair.Teacher(teacher, teacher.network().initialValues(5))), zoo("resnet8"));
        Recipe recipe = Cc.bind(Settings.of(List.of()), "distill.cc", pair);
        try (ObjectiveRun run = new ObjectiveRun(DistillObjective.of(pair, recipe, TRAINING, 1), new BigDlEngine(2))) {
            List<Loss> losses = run.descend(8, 0.01f);
            assertThat(losses.get(0).terms()).containsOnlyKeys("ce", "cc");
            assertThat(losses.get(7).terms().get("cc"))
                    .isLessThan(losses.get(0).terms().get("cc"));
            assertThat(run.gradientNorm("cc.student.weight")).isPositive();
            assertThat(run.gradientNorm("cc.teacher.weight")).isPositive();
        }
    }
}
