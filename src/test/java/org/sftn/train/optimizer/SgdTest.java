package org.sftn.train.optimizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
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
        Sgd sgd = new Sgd(weights, List.of(slice), momentum, nesterov, WeightDecay.everywhere(decay), 2);
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
            sgd.step(0, gradient, RATES[step]);
            assertThat(gradient).isEqualTo(before);
            if (step == 1) {
                Sgd restored = new Sgd(weights, List.of(slice), momentum, nesterov, WeightDecay.everywhere(decay), 2);
                float[] velocity = new float[size];
                assertThat(sgd.copyMomentum(velocity)).isEqualTo(momentum != 0);
                if (momentum != 0) {
                    restored.restore(velocity);
                }
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
        try (Sgd sgd = new Sgd(
                weights, List.of(new Slice(offset, length)), 0.9, true, WeightDecay.everywhere(5e-4), threads)) {
            for (int step = 0; step < 3; step++) {
                float[] gradient = new float[length];
                for (int i = 0; i < length; i++) {
                    gradient[i] = (i * 37 + step) % 1013 / 511f - 1;
                }
                sgd.step(0, gradient, 0.1);
            }
        }
        float[] slice = new float[length];
        System.arraycopy(weights, offset, slice, 0, length);
        return slice;
    }

    @ParameterizedTest
    @CsvSource({
        "0, 1, 0, NaN",
        "0, 3, 1399999, NaN",
        "0, 2, 700001, Infinity",
        "7, 1, 1023, -Infinity",
        "7, 2, 1400000, NaN"
    })
    void whatIsNotFiniteIsFoundWhereverItIs(int offset, int threads, int place, float gradient) {
        int length = 1_400_001;
        try (Sgd sgd = new Sgd(
                new float[offset + length + 1],
                List.of(new Slice(offset, length)),
                0.9,
                false,
                WeightDecay.everywhere(0),
                threads)) {
            float[] gradients = new float[length];
            gradients[0] = -Float.MAX_VALUE / 4;
            assertThat(sgd.step(0, gradients, 0.1)).isTrue();
            gradients[place] = gradient;
            assertThat(sgd.step(0, gradients, 0.1)).isFalse();
        }
    }

    @Test
    void severalSlicesAreUpdatedAsOne() {
        int size = 5000;
        List<Slice> slices = List.of(new Slice(3, 1500), new Slice(1600, 0), new Slice(2000, 2999));
        float[] apart = start(size);
        float[] velocity = new float[size];
        try (Sgd sgd = new Sgd(apart, slices, 0.9, true, WeightDecay.everywhere(5e-4), 1)) {
            assertThat(sgd.copyMomentum(velocity)).isFalse();
            for (int step = 0; step < 3; step++) {
                for (int i = 0; i < slices.size(); i++) {
                    sgd.step(i, gradient(slices.get(i), step), 0.1);
                }
            }
            assertThat(sgd.copyMomentum(velocity)).isTrue();
        }
        float[] expected = start(size);
        float[] expectedVelocity = new float[size];
        for (Slice slice : slices) {
            try (Sgd sgd = new Sgd(expected, List.of(slice), 0.9, true, WeightDecay.everywhere(5e-4), 1)) {
                for (int step = 0; step < 3; step++) {
                    sgd.step(0, gradient(slice, step), 0.1);
                }
                sgd.copyMomentum(expectedVelocity);
            }
        }
        assertThat(apart).isEqualTo(expected);
        assertThat(velocity).isEqualTo(expectedVelocity);
    }

    private static float[] gradient(Slice slice, int step) {
        float[] gradient = new float[slice.length()];
        for (int i = 0; i < gradient.length; i++) {
            gradient[i] = (slice.offset() + i + step) % 89 / 50f - 1;
        }
        return gradient;
    }

    /** Runs shorter and longer than the blocks in which the slice is gone through, cut by slices and by threads. */
    @ParameterizedTest
    @CsvSource({"1, 1", "1, 3", "3, 2", "7, 1"})
    void eachRunHasItsOwnDecayWhateverCutsIt(int ranks, int threads) {
        int length = 600_011;
        WeightDecay.Run[] runs = {
            new WeightDecay.Run(5, 0),
            new WeightDecay.Run(1500, 0.25f),
            new WeightDecay.Run(1501, 0),
            new WeightDecay.Run(300_000, 0.5f),
            new WeightDecay.Run(length, 0)
        };
        float[] weights = start(length);
        for (int rank = 0; rank < ranks; rank++) {
            step(weights, Slice.of(length, rank, ranks), new WeightDecay(List.of(runs)), threads);
        }
        float[] expected = start(length);
        int from = 0;
        for (WeightDecay.Run run : runs) {
            step(expected, new Slice(from, run.end() - from), WeightDecay.everywhere(run.decay()), 1);
            from = run.end();
        }
        assertThat(weights).isEqualTo(expected);
    }

    private static float[] start(int length) {
        float[] weights = new float[length];
        for (int i = 0; i < length; i++) {
            weights[i] = i % 97 / 31f - 1;
        }
        return weights;
    }

    private static void step(float[] weights, Slice slice, WeightDecay decay, int threads) {
        try (Sgd sgd = new Sgd(weights, List.of(slice), 0.9, false, decay, threads)) {
            for (int step = 0; step < 2; step++) {
                sgd.step(0, gradient(slice, 0), 0.1);
            }
        }
    }
}
