package org.sftn.distill.method;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.function.ToDoubleFunction;
import org.sftn.conf.Settings;
import org.sftn.distill.Pair;
import org.sftn.distill.Recipe;
import org.sftn.nn.Shape;
import org.sftn.nn.Tensor;
import org.sftn.zoo.Architecture;
import org.sftn.zoo.Zoo;

/** What the tests of methods have in common. */
public final class Formulas {
    private static final int CLASSES = 10;
    private static final float STEP = 1e-2f;

    private Formulas() {}

    public static Tensor random(long seed, int... shape) {
        Random random = new Random(seed);
        Tensor tensor = Tensor.zeros(Shape.of(shape));
        for (int i = 0; i < tensor.values().length; i++) {
            tensor.values()[i] = (float) random.nextGaussian();
        }
        return tensor;
    }

    /** Holds a gradient to central differences of the value. */
    static void checkGradient(Tensor at, Tensor gradient, ToDoubleFunction<Tensor> value) {
        assertThat(gradient.shape()).isEqualTo(at.shape());
        double largest = 0;
        for (float each : gradient.values()) {
            largest = Math.max(largest, Math.abs(each));
        }
        for (int i = 0; i < at.values().length; i++) {
            double difference =
                    (value.applyAsDouble(moved(at, i, STEP)) - value.applyAsDouble(moved(at, i, -STEP))) / (2 * STEP);
            assertThat((double) gradient.values()[i])
                    .as("gradient %d", i)
                    .isCloseTo(difference, within(1e-2 * largest));
        }
    }

    private static Tensor moved(Tensor tensor, int index, float step) {
        float[] values = tensor.values().clone();
        values[index] += step;
        return new Tensor(tensor.shape(), values);
    }

    static Pair pair(String teacher, String student, int imageSize) {
        Shape image = Shape.of(3, imageSize, imageSize);
        Architecture taught = Zoo.create(teacher, image, CLASSES);
        return new Pair(
                Optional.of(new Pair.Teacher(taught, taught.network().initialValues(1))),
                Zoo.create(student, image, CLASSES));
    }

    static Recipe recipe(Pair pair, Map<String, String> settings) {
        return Methods.recipe(Settings.of(List.of(Settings.assignments(settings, "test"))), pair);
    }
}
