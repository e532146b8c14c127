package org.sftn.train;

import java.util.Map;
import org.sftn.data.Batch;
import org.sftn.nn.Taps;
import org.sftn.nn.Tensor;
import org.sftn.train.loss.Loss;

/** The loss of one training step on one executor. */
public interface StepLoss extends AutoCloseable {
    /** The inputs of the trained network; a frozen teacher runs here and its features may be inputs too. */
    default Map<String, Tensor> inputs(Batch batch) {
        return Map.of(Taps.IMAGE, batch.images());
    }

    /**
     * @param outputs the objective's taps for this batch
     * @param epoch from 0
     * @return means over the local batch
     */
    Loss loss(Batch batch, Map<String, Tensor> outputs, int epoch);

    /** What the loss remembers from step to step, live; part of this executor's checkpoint. */
    default Map<String, Tensor> state() {
        return Map.of();
    }

    /**
     * Goes on from a checkpoint.
     *
     * @param state with the names and shapes of {@link #state()}
     */
    default void restore(Map<String, Tensor> state) {}

    @Override
    default void close() {}
}
