package org.sftn.train.loss;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import java.util.Random;
import java.util.function.ToDoubleFunction;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.sftn.nn.Shape;
import org.sftn.nn.Tensor;

class LossesTest {
    private static final int[] LABELS = {0, 4, 2};

    @Test
    void crossEntropyOfEqualLogitsIsTheLogarithmOfTheClasses() {
        assertThat(CrossEntropy.of(Tensor.zeros(Shape.of(3, 5)), LABELS).value())
                .isCloseTo(Math.log(5), within(1e-12));
    }

    /** In float64: {@code torch.nn.CrossEntropyLoss(label_smoothing=smoothing)(logits, torch.tensor([0, 4, 2]))}, torch 2.13.0. */
    static Stream<Arguments> smoothed() {
        return Stream.of(
                arguments(0.1, 3.036013581272989, new double[] {
                    -0.300131553365,
                    0.030940313825,
                    0.209746563905,
                    0.00410791364,
                    0.055336761996,
                    0.000410433538,
                    0.227694705167,
                    0.060478990562,
                    0.012570886218,
                    -0.301155015485,
                    0.026960500752,
                    0.04877515953,
                    -0.215258548529,
                    0.144039842021,
                    -0.004516953775
                }),
                arguments(0.4, 2.816013581272989, new double[] {
                    -0.220131553365,
                    0.010940313825,
                    0.189746563905,
                    -0.01589208636,
                    0.035336761996,
                    -0.019589566462,
                    0.207694705167,
                    0.040478990562,
                    -0.007429113782,
                    -0.221155015485,
                    0.006960500752,
                    0.02877515953,
                    -0.135258548529,
                    0.124039842021,
                    -0.024516953775
                }));
    }

    @ParameterizedTest
    @MethodSource("smoothed")
    void smoothedLabelsAreThoseOfPyTorch(double smoothing, double value, double[] gradient) {
        Tensor logits = new Tensor(Shape.of(3, 5), new float[] {
            -2, -0.25f, 1.5f, -1.5f, 0.25f, -1.25f, 2.25f, 1, -0.25f, -1.5f, 1, 1.5f, 2, 2.5f, -1.75f
        });
        CrossEntropy loss = CrossEntropy.of(logits, LABELS, smoothing);
        assertThat(loss.value()).isCloseTo(value, within(1e-12));
        for (int i = 0; i < gradient.length; i++) {
            // Half of the last bit of a float below 0.5 is 1.5e-8.
            assertThat((double) loss.gradient().values()[i])
                    .as("gradient %d", i)
                    .isCloseTo(gradient[i], within(2e-8));
        }
    }

    @Test
    void withoutSmoothingALogitOfMinusInfinityMayStandForAnotherClass() {
        Tensor logits = new Tensor(Shape.of(1, 3), new float[] {0, 0, Float.NEGATIVE_INFINITY});
        assertThat(CrossEntropy.of(logits, new int[] {1}, 0).value()).isCloseTo(Math.log(2), within(1e-12));
        assertThat(CrossEntropy.of(logits, new int[] {1}, 0.1).value()).isInfinite();
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
                CrossEntropy.of(p, LABELS, 0.3).gradient(),
                x -> CrossEntropy.of(x, LABELS, 0.3).value());
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
