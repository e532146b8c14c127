package org.sftn.train.loss;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Random;
import java.util.function.ToDoubleFunction;
import org.junit.jupiter.api.Test;
import org.sftn.nn.Shape;
import org.sftn.nn.Tensor;

class LossesTest {
    private static final int[] LABELS = {0, 4, 2};

    @Test
    void crossEntropyOfEqualLogitsIsTheLogarithmOfTheClasses() {
        assertThat(CrossEntropy.of(Tensor.zeros(Shape.of(3, 5)), LABELS).value())
                .isCloseTo(Math.log(5), within(1e-12));
    }

    @Test
    void hugeLogitsStayFinite() {
        Tensor logits = new Tensor(Shape.of(1, 2), new float[] {1e30f, -1e30f});
        assertThat(CrossEntropy.of(logits, new int[] {0}).value()).isZero();
        assertThat(CrossEntropy.of(logits, new int[] {1}).gradient().values()).containsExactly(1, -1);
    }

    @Test
    void gradientsAreFiniteDifferences() {
        Tensor p = random(1);
        Tensor q = random(2);
        check(
                p,
                CrossEntropy.of(p, LABELS).gradient(),
                x -> CrossEntropy.of(x, LABELS).value());
        check(
                p,
                SoftenedKl.of(p, q, 3).gradientOfP(),
                x -> SoftenedKl.of(x, q, 3).value());
        check(
                q,
                SoftenedKl.of(p, q, 3).gradientOfQ(),
                x -> SoftenedKl.of(p, x, 3).value());
        check(
                p,
                MeanSquaredError.of(p, q).gradient(),
                x -> MeanSquaredError.of(x, q).value());
    }

    @Test
    void shapesThatDoNotFitAreRefused() {
        assertThatThrownBy(() -> MeanSquaredError.of(random(1), Tensor.zeros(Shape.of(3, 4))))
                .hasMessage("mean squared error of 3x5 and 3x4");
        assertThatThrownBy(() -> SoftenedKl.of(random(1), Tensor.zeros(Shape.of(3, 4)), 1))
                .hasMessage("KL of outputs of 3x5 and 3x4");
        assertThatThrownBy(() -> CrossEntropy.of(random(1), new int[2])).hasMessage("2 labels for a batch of 3");
    }

    private static Tensor random(int seed) {
        Random random = new Random(seed);
        Tensor tensor = Tensor.zeros(Shape.of(3, 5));
        for (int i = 0; i < 15; i++) {
            tensor.values()[i] = (float) random.nextGaussian();
        }
        return tensor;
    }

    private static void check(Tensor at, Tensor gradient, ToDoubleFunction<Tensor> loss) {
        for (int i = 0; i < at.values().length; i++) {
            float kept = at.values()[i];
            float up = kept + 1e-3f;
            float down = kept - 1e-3f;
            at.values()[i] = up;
            double above = loss.applyAsDouble(at);
            at.values()[i] = down;
            double below = loss.applyAsDouble(at);
            at.values()[i] = kept;
            // A central difference over 1e-3 is off by the third derivative times 1e-6 / 6.
            assertThat((double) gradient.values()[i]).isCloseTo((above - below) / (up - down), within(2e-6));
        }
    }
}
