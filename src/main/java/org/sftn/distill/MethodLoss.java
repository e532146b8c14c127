package org.sftn.distill;

import java.util.Map;
import org.sftn.data.Batch;
import org.sftn.nn.Tensor;

/** A method at work on one executor. */
@FunctionalInterface
public interface MethodLoss {
    /**
     * @param values what {@link DistillationMethod#needs} names, each {@code rows x shape}, channels first; a row for each image and
     *     view, the plain views of all images first. The teacher's are constants, in evaluation mode. Valid during the call, only
     *     read
     * @param epoch from 0, for warm-ups
     */
    Term loss(Map<String, Tensor> values, Batch batch, int epoch);

    /** What it remembers from step to step, live, by name; part of the executor's checkpoint. */
    default Map<String, Tensor> state() {
        return Map.of();
    }

    /** @param state with the names and shapes of {@link #state()} */
    default void restore(Map<String, Tensor> state) {}

    /**
     * @param value mean over the local batch, the method's weight included
     * @param gradients of the value with respect to student and module values; given away
     */
    record Term(double value, Map<String, Tensor> gradients) {}
}
