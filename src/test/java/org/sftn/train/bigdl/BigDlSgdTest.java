package org.sftn.train.bigdl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.sftn.train.exchange.Slice;

/** Against the formula in the documentation of torch.optim.SGD, in double precision. */
class BigDlSgdTest {
    private static final double[] RATES = {0.1, 0.1, 0.02};

    @ParameterizedTest
    @CsvSource({"0, false, 0", "0.9, false, 0", "0.9, false, 5e-4", "0.9, true, 5e-4", "0, false, 1e-2"})
    void isPyTorchsSgdOnTheSliceOnly(double momentum, boolean nesterov, double decay) {
        int size = 37;
        Slice slice = new Slice(5, 20);
        float[] weights = new float[size];
        double[] expected = new double[size];
        for (int i = 0; i < size; i++) {
            weights[i] = (i - 18) / 7f;
            expected[i] = weights[i];
        }
        double[] buffer = new double[size];
        BigDlSgd sgd = new BigDlSgd(weights, slice, momentum, nesterov, decay);
        for (int step = 0; step < RATES.length; step++) {
            float[] gradient = new float[slice.length()];
            for (int i = 0; i < slice.length(); i++) {
                gradient[i] = (float) Math.sin(i + 10 * step);
                int at = slice.offset() + i;
                double g = gradient[i] + decay * expected[at];
                buffer[at] = step == 0 ? g : momentum * buffer[at] + g;
                expected[at] -= RATES[step] * (nesterov ? g + momentum * buffer[at] : momentum == 0 ? g : buffer[at]);
            }
            sgd.step(gradient, RATES[step]);
            if (step == 1) {
                BigDlSgd restored = new BigDlSgd(weights, slice, momentum, nesterov, decay);
                restored.restore(sgd.momentum());
                sgd = restored;
            }
        }
        for (int i = 0; i < size; i++) {
            assertThat((double) weights[i]).as("weight %d", i).isCloseTo(expected[i], within(1e-6));
        }
    }

    @ParameterizedTest
    @CsvSource({"0", "1", "3", "7"})
    void theBitsDoNotDependOnWhereTheSliceLies(int shift) {
        int length = 1003;
        assertThat(stepped(shift, length)).isEqualTo(stepped(16, length));
    }

    private static float[] stepped(int shift, int length) {
        float[] weights = new float[shift + length];
        BigDlSgd sgd = new BigDlSgd(weights, new Slice(shift, length), 0.9, true, 5e-4);
        for (int step = 0; step < 3; step++) {
            float[] gradient = new float[length];
            for (int i = 0; i < length; i++) {
                gradient[i] = (float) Math.sin(i * 0.37 + step);
            }
            sgd.step(gradient, 0.1);
        }
        float[] slice = new float[length];
        System.arraycopy(weights, shift, slice, 0, length);
        return slice;
    }
}
