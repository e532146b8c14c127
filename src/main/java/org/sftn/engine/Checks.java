package org.sftn.engine;

import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import org.sftn.nn.Layout;
import org.sftn.nn.Network;
import org.sftn.nn.Shape;
import org.sftn.nn.Tensor;

/** What every engine refuses before it computes. */
public final class Checks {
    private Checks() {}

    /**
     * @param accepted layouts of feature maps
     * @return the batch size of the inputs
     * @throws IllegalArgumentException naming the input that does not fit
     */
    public static int batch(Network network, Map<String, Tensor> inputs, int largest, Predicate<Layout> accepted) {
        if (!inputs.keySet().equals(network.inputs().keySet())) {
            throw new IllegalArgumentException(
                    "the inputs are " + network.inputs().keySet() + ", not " + inputs.keySet());
        }
        int given = inputs.isEmpty() ? 0 : inputs.values().iterator().next().batch();
        if (given > largest) {
            throw new IllegalArgumentException(
                    "a batch of " + given + " is larger than " + largest + ", which was compiled for");
        }
        inputs.forEach((name, tensor) -> {
            Shape expected = network.inputs().get(name).batched(given);
            if (!tensor.shape().equals(expected)) {
                throw new IllegalArgumentException(
                        "input '" + name + "' must be " + expected + ", not " + tensor.shape());
            }
            if (!accepted.test(tensor.layout())) {
                throw new IllegalArgumentException("input '" + name + "' cannot be " + tensor.layout());
            }
        });
        return given;
    }

    /** @throws IllegalArgumentException naming the tap whose gradient does not fit */
    public static void gradients(Network network, Set<String> outputs, int batch, Map<String, Tensor> gradients) {
        gradients.forEach((tap, gradient) -> {
            if (!outputs.contains(tap)) {
                throw new IllegalArgumentException(
                        "a gradient of '" + tap + "', which is not an output; those are " + outputs);
            }
            Shape expected = network.tapShape(tap).batched(batch);
            if (!gradient.shape().equals(expected)) {
                throw new IllegalArgumentException(
                        "the gradient of '" + tap + "' must be " + expected + ", not " + gradient.shape());
            }
        });
    }
}
