package org.sftn.train.bigdl;

import com.intel.analytics.bigdl.optim.SGD;
import com.intel.analytics.bigdl.tensor.Tensor;
import org.sftn.train.exchange.Slice;
import scala.Function1;
import scala.Tuple2;
import scala.runtime.AbstractFunction1;

/**
 * BigDL's SGD on a slice of the weights, with momentum without dampening: {@code g += decay w}; {@code m = momentum m + g}, the
 * first time {@code m = g}; {@code w -= rate m}, with Nesterov {@code w -= rate (g + momentum m)}. As PyTorch's.
 */
public final class BigDlSgd {
    private static final String MOMENTUM = "dfdx";

    private final float[] weights;
    private final Slice slice;
    private final SGD<Object> sgd;

    /**
     * @param weights live: {@link #step} updates the slice and nothing else
     * @param nesterov needs a momentum above 0
     */
    public BigDlSgd(float[] weights, Slice slice, double momentum, boolean nesterov, double weightDecay) {
        this.weights = weights;
        this.slice = slice;
        this.sgd = new SGD<>(
                0.0,
                0.0,
                weightDecay,
                momentum,
                0.0,
                nesterov,
                new SGD.Default(),
                null,
                null,
                BigDl.floats(),
                BigDl.numeric());
    }

    /**
     * @param gradient of the slice; overwritten
     * @param rate the learning rate of this step
     */
    public void step(float[] gradient, double rate) {
        if (slice.length() == 0) {
            return;
        }
        Tensor<Object> dfdx = BigDl.view(gradient, new Slice(0, slice.length()));
        Tuple2<Object, Tensor<Object>> loss = new Tuple2<>(0f, dfdx);
        Function1<Tensor<Object>, Tuple2<Object, Tensor<Object>>> evaluation = new AbstractFunction1<>() {
            @Override
            public Tuple2<Object, Tensor<Object>> apply(Tensor<Object> x) {
                return loss;
            }
        };
        sgd.learningRate_$eq(rate);
        sgd.optimize(evaluation, BigDl.view(weights, slice));
    }

    /** A copy of the momentum of the slice; empty before the first step, and without momentum. */
    public float[] momentum() {
        scala.Option<Tensor<Object>> state = sgd.state().get(MOMENTUM);
        return state.isDefined() ? BigDl.array(state.get()).clone() : new float[0];
    }

    /** @param momentum as from {@link #momentum}, of the same slice */
    public void restore(float[] momentum) {
        if (momentum.length == slice.length() && momentum.length > 0) {
            sgd.state().update(MOMENTUM, BigDl.view(momentum.clone()));
        } else if (momentum.length != 0) {
            throw new IllegalArgumentException(
                    "a momentum of " + momentum.length + " values does not fit a slice of " + slice.length());
        }
    }
}
