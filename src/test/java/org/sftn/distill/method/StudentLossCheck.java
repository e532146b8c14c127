package org.sftn.distill.method;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import java.util.function.Function;
import org.sftn.nn.Shape;
import org.sftn.nn.Tensor;

/** Formulas on noise, and their gradients against finite differences. */
final class StudentLossCheck {
    private StudentLossCheck() {}

    static Tensor normal(int seed, int... shape) {
        Random random = new Random(seed);
        Tensor tensor = Tensor.zeros(Shape.of(shape));
        for (int i = 0; i < tensor.values().length; i++) {
            tensor.values()[i] = (float) random.nextGaussian();
        }
        return tensor;
    }

    /** @param tolerance relative to the gradient's norm */
    static void gradientIsFiniteDifference(Tensor student, double tolerance, Function<Tensor, StudentLoss> formula) {
        float[] gradient = formula.apply(student).gradient().values();
        double difference = 0;
        double norm = 0;
        for (int i = 0; i < gradient.length; i++) {
            float kept = student.values()[i];
            float up = kept + 1e-3f;
            float down = kept - 1e-3f;
            student.values()[i] = up;
            double above = formula.apply(student).value();
            student.values()[i] = down;
            double below = formula.apply(student).value();
            student.values()[i] = kept;
            difference += Math.pow(gradient[i] - (above - below) / (up - down), 2);
            norm += Math.pow(gradient[i], 2);
        }
        assertThat(norm).isPositive();
        assertThat(Math.sqrt(difference / norm)).isLessThan(tolerance);
    }
}
