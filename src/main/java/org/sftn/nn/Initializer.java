package org.sftn.nn;

import java.util.Arrays;
import java.util.SplittableRandom;

/** How a parameter is filled before training. */
public sealed interface Initializer {
    void fill(float[] values, SplittableRandom random);

    /** Every value the same: 0 for biases, 1 for batch-norm scales. */
    record Constant(float value) implements Initializer {
        @Override
        public void fill(float[] values, SplittableRandom random) {
            Arrays.fill(values, value);
        }
    }

    /** Normal with mean 0; the same bits on every machine. */
    record Normal(double standardDeviation) implements Initializer {
        /** Many times what {@link Math} and {@link StrictMath} may differ by, a unit in the last place a function. */
        private static final double APART = 1e-14;

        @Override
        public void fill(float[] values, SplittableRandom random) {
            for (int i = 0; i < values.length; i++) {
                values[i] = next(random);
            }
        }

        // Box and Muller: SplittableRandom has no gaussian that is specified to stay the same between Java releases.
        private float next(SplittableRandom random) {
            double u = 1 - random.nextDouble();
            double angle = 2 * Math.PI * random.nextDouble();
            // Math takes half the time, and nearly always rounds to the same float.
            double near = standardDeviation * (Math.sqrt(-2 * Math.log(u)) * Math.cos(angle));
            float value = (float) (near * (1 - APART));
            return value == (float) (near * (1 + APART))
                    ? value
                    : (float) (standardDeviation * (Math.sqrt(-2 * StrictMath.log(u)) * StrictMath.cos(angle)));
        }
    }

    /** Uniform in [-bound, bound). */
    record Uniform(double bound) implements Initializer {
        @Override
        public void fill(float[] values, SplittableRandom random) {
            for (int i = 0; i < values.length; i++) {
                values[i] = (float) (bound * (2 * random.nextDouble() - 1));
            }
        }
    }

    /** Kaiming's normal for ReLU networks by fan-out (He et al. 2015): variance 2 / (outputs * kernel area). */
    static Initializer kaimingNormal(int fanOut) {
        return new Normal(Math.sqrt(2.0 / fanOut));
    }
}
