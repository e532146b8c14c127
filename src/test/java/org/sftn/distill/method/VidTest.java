package org.sftn.distill.method;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.sftn.distill.method.Formulas.checkGradient;
import static org.sftn.distill.method.Formulas.pair;
import static org.sftn.distill.method.Formulas.random;
import static org.sftn.distill.method.Formulas.recipe;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.sftn.conf.UserException;
import org.sftn.distill.Pair;
import org.sftn.engine.Arithmetic;
import org.sftn.engine.mkl.MklArithmetic;
import org.sftn.nn.AveragePool;
import org.sftn.nn.Network;
import org.sftn.nn.Shape;
import org.sftn.nn.Tensor;

class VidTest {
    private static final double EPSILON = 1e-5;

    @Test
    void gradientsAreThoseOfTheLikelihood() {
        try (Arithmetic arithmetic = new MklArithmetic(2)) {
            Tensor mean = random(1, 1, 3, 2, 2);
            Tensor scale = random(2, 1, 3);
            Tensor teacher = random(3, 1, 3, 4, 4);
            Vid.Likelihood found = Vid.Likelihood.of(arithmetic, 2, EPSILON, mean, scale, teacher);
            checkGradient(
                    mean,
                    found.gradientOfMean(),
                    m -> Vid.Likelihood.of(arithmetic, 2, EPSILON, m, scale, teacher)
                            .value());
            checkGradient(
                    scale,
                    found.gradientOfScale(),
                    s -> Vid.Likelihood.of(arithmetic, 2, EPSILON, mean, s, teacher)
                            .value());
        }
    }

    @Test
    void everyStageHasAPredictorOfTheTeachersWidth() {
        Pair pair = pair("resnet18", "vgg8", 32);
        Network predictors = recipe(pair, Map.of("distill.method", "vid"))
                .terms()
                .get("vid")
                .module()
                .orElseThrow();
        assertThat(predictors.tapShape("stage1.mean")).isEqualTo(Shape.of(64, 8, 8));
        assertThat(predictors.tapShape("stage1.scale")).isEqualTo(Shape.of(64));
        assertThat(predictors.nodes()).contains(pool("stage1", 2), pool("stage4", 4));
        Network unpooled = recipe(pair("vgg8", "resnet18", 32), Map.of("distill.method", "vid"))
                .terms()
                .get("vid")
                .module()
                .orElseThrow();
        assertThat(unpooled.tapShape("stage1.mean")).isEqualTo(Shape.of(128, 8, 8));
    }

    private static Network.Node pool(String stage, int factor) {
        String name = stage + ".pool";
        return new Network.Node(name, new AveragePool(factor, factor, 0), List.of("student." + stage), name);
    }

    @Test
    void aVarianceBelowTheLeastOneIsRefused() {
        assertThatThrownBy(() -> recipe(
                        pair("resnet14", "resnet8", 32),
                        Map.of("distill.method", "vid", "distill.vid.initial-variance", "1e-5")))
                .isInstanceOf(UserException.class)
                .hasMessage(
                        "distill.vid.initial-variance is 1.0E-5, but variances are above distill.vid.epsilon = 1.0E-5");
    }
}
