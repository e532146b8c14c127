package org.sftn.engine;

import java.util.Map;
import java.util.Set;
import org.sftn.nn.Network;
import org.sftn.nn.Tensor;

/** An executable in training mode: batch-norm uses the batch's statistics and updates the running ones. */
public interface TrainingExecutable extends Executable {
    /**
     * All trained parameters in the engine's own order, live: what is written here is used by the next forward pass.
     * An engine's order for a network does not change from run to run on one kind of machine; it may pad, with zeros that stay. It
     * follows {@link Network#parametersFromLast}, so that gradients become final from the first value on.
     */
    float[] parameters();

    /**
     * Where each trained parameter lies in {@link #parameters()}, by its full name, in the order of the array. Ranges do not overlap;
     * there may be padding between them.
     */
    Map<String, ParameterRange> ranges();

    /**
     * Parameters that the passes round to bfloat16, to nearest even, before they use them: with rounded values in their places they
     * compute the same. By full name.
     */
    Set<String> rounded();

    /**
     * A copy of one parameter in its canonical layout.
     *
     * @param array of weights, or of anything else that lies as they do
     */
    Tensor canonical(String parameter, float[] array);

    /**
     * The other way round: lays out all parameters as {@link #parameters()} has them. What pads is 0.
     *
     * @param values by full name; others are passed over
     * @throws IllegalArgumentException when a name is missing or its shape is another
     */
    void layOut(Map<String, Tensor> values, float[] array);

    /** All running statistics, live, in the network's canonical order. */
    float[] statistics();

    /** Copies of parameters and statistics by full name, in the canonical order and layout. */
    Map<String, Tensor> save();

    /**
     * The gradient of the loss of the last forward pass with respect to every parameter, in the order of {@link
     * #parameters()}; overwritten by each {@link #backward}.
     */
    float[] gradients();

    /**
     * Goes back through the last forward pass, with the parameters that it had; once, since it may overwrite what that has kept.
     * The given gradients are only read.
     *
     * @param gradients of the loss with respect to some or all requested taps, each shaped as the tap; a parameter that no
     *     tap with a gradient depends on gets gradient 0
     * @param progress is told which gradients are final while the pass goes on
     * @throws IllegalArgumentException naming the tap that does not fit
     * @throws IllegalStateException without a forward pass since the last backward pass
     */
    void backward(Map<String, Tensor> gradients, GradientProgress progress);

    /** The same for who wants the gradients when all are there. */
    default void backward(Map<String, Tensor> gradients) {
        backward(gradients, values -> {});
    }
}
