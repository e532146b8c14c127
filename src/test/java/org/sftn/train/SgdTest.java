package org.sftn.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.sftn.train.exchange.Slice;

class SgdTest {
    private static final double[] RATES = {0.1, 0.1, 0.02};

    /** Against the formula in the documentation of torch.optim.SGD, in double precision. */
    @ParameterizedTest
    @CsvSource({
        "0,   false, 0,    5, 20",
        "0.9, false, 0,    5, 20",
        "0.9, false, 5e-4, 0, 30",
        "0.9, true,  5e-4, 5, 20",
        "0.9, true,  5e-4, 7, 0",
        "0,   false, 1e-2, 5, 20",
    })
    void isPyTorchsSgdOnTheSliceOnly(double momentum, boolean nesterov, double decay, int offset, int length) {
        int size = 37;
        Slice slice = new Slice(offset, length);
        float[] weights = new float[size];
        double[] expected = new double[size];
        for (int i = 0; i < size; i++) {
            weights[i] = (i - 18) / 7f;
            expected[i] = weights[i];
        }
        double[] buffer = new double[size];
        Sgd sgd = new Sgd(weights, slice, momentum, nesterov, decay, 2);
        for (int step = 0; step < RATES.length; step++) {
            float[] gradient = new float[slice.length()];
            for (int i = 0; i < slice.length(); i++) {
                gradient[i] = (float) Math.sin(i + 10 * step);
                int at = slice.offset() + i;
                double g = gradient[i] + decay * expected[at];
                buffer[at] = step == 0 ? g : momentum * buffer[at] + g;
                expected[at] -= RATES[step] * (nesterov ? g + momentum * buffer[at] : momentum == 0 ? g : buffer[at]);
            }
            float[] before = gradient.clone();
            sgd.step(gradient, RATES[step]);
            assertThat(gradient).isEqualTo(before);
            if (step == 1) {
                Sgd restored = new Sgd(weights, slice, momentum, nesterov, decay, 2);
                restored.restore(sgd.momentum());
                sgd.close();
                sgd = restored;
            }
        }
        sgd.close();
        for (int i = 0; i < size; i++) {
            assertThat((double) weights[i]).as("weight %d", i).isCloseTo(expected[i], within(1e-6));
        }
    }

    @ParameterizedTest
    @CsvSource({"0, 2", "0, 3", "1, 1", "7, 2", "16, 5"})
    void theBitsDependNeitherOnThreadsNorOnWhereTheSliceLies(int offset, int threads) {
        assertThat(stepped(offset, threads)).isEqualTo(stepped(0, 1));
    }

    private static float[] stepped(int offset, int threads) {
        int length = 1_400_003;
        float[] weights = new float[offset + length];
        try (Sgd sgd = new Sgd(weights, new Slice(offset, length), 0.9, true, 5e-4, threads)) {
            for (int step = 0; step < 3; step++) {
                float[] gradient = new float[length];
                for (int i = 0; i < length; i++) {
                    gradient[i] = (i * 37 + step) % 1013 / 511f - 1;
                }
                sgd.step(gradient, 0.1);
            }
        }
        float[] slice = new float[length];
        System.arraycopy(weights, offset, slice, 0, length);
        return slice;
    }

    @Test
    void theMomentumOfAnotherSliceIsRefused() {
        try (Sgd sgd = new Sgd(new float[10], new Slice(2, 5), 0.9, false, 0, 1)) {
            assertThat(sgd.momentum()).isEmpty();
            assertThatThrownBy(() -> sgd.restore(new float[4]))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("a momentum of 4 values does not fit a slice of 5");
        }
    }
}
