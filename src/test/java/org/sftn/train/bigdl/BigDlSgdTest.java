package org.sftn.train.bigdl;

import static org.assertj.core.api.Assertions.assertThat;

import com.intel.analytics.bigdl.optim.SGD;
import com.intel.analytics.bigdl.tensor.Tensor;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.sftn.shaded.scala.Tuple2;
import org.sftn.shaded.scala.runtime.AbstractFunction1;
import org.sftn.train.exchange.Slice;
import org.sftn.train.optimizer.Sgd;
import org.sftn.train.optimizer.WeightDecay;

/** BigDL's own SGD and ours; on a processor with fused multiply-add. */
class BigDlSgdTest {
    private static final double[] RATES = {0.1, 0.1, 0.02};

    @ParameterizedTest
    @CsvSource({
        "0,   false, 0,    0",
        "0,   false, 1e-2, 3",
        "0.9, false, 0,    0",
        "0.9, false, 5e-4, 0",
        "0.9, false, 5e-4, 3",
        "0.9, true,  5e-4, 0",
        "0.9, true,  5e-4, 3",
    })
    void giveTheSameBits(double momentum, boolean nesterov, double decay, int offset) {
        Slice slice = new Slice(offset, 5003);
        float[] theirs = new float[offset + slice.length() + 2];
        for (int i = 0; i < theirs.length; i++) {
            theirs[i] = (float) Math.cos(i * 0.71);
        }
        float[] ours = theirs.clone();
        SGD<Object> bigdl = new SGD<>(
                0, 0, decay, momentum, 0, nesterov, new SGD.Default(), null, null, BigDl.floats(), BigDl.numeric());
        try (Sgd sgd = new Sgd(ours, List.of(slice), momentum, nesterov, WeightDecay.everywhere(decay), 1)) {
            for (int step = 0; step < RATES.length; step++) {
                float[] gradient = new float[slice.length()];
                for (int i = 0; i < gradient.length; i++) {
                    gradient[i] = (float) Math.sin(i * 0.37 + step);
                }
                sgd.step(0, gradient, RATES[step]);
                bigdl.learningRate_$eq(RATES[step]);
                bigdl.optimize(new Gradient(BigDl.view(gradient)), BigDl.view(theirs, slice));
                assertThat(ours).as("step %d", step).isEqualTo(theirs);
            }
        }
    }

    private static final class Gradient extends AbstractFunction1<Tensor<Object>, Tuple2<Object, Tensor<Object>>> {
        private final Tensor<Object> values;

        Gradient(Tensor<Object> values) {
            this.values = values;
        }

        @Override
        public Tuple2<Object, Tensor<Object>> apply(Tensor<Object> weights) {
            return new Tuple2<>(0f, values);
        }
    }
}
