package org.sftn.engine.onednn;

import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.sftn.nn.BatchNorm;
import org.sftn.nn.Convolution;
import org.sftn.nn.Layer;
import org.sftn.nn.Linear;
import org.sftn.nn.Network;
import org.sftn.nn.Shape;
import org.sftn.nn.Tensor;

/**
 * Finds the taps that are no numbers although they look like some. oneDNN's ReLU, ReLU6 and max pooling do not pass NaN on, and in a
 * loaded network, whose values are finite, NaN comes of activations that leave the range of floats. All images are of one range, so
 * one of them shows it: the values that it has on its way through the network are looked at before any layer can hide what they are.
 */
final class HiddenNumbers {
    private HiddenNumbers() {}

    /**
     * @param outputs taps
     * @param values that are loaded
     * @param inputs of any batch; the first image is looked at
     * @return those of the taps that would be NaN if every layer passed NaN on
     */
    static Set<String> among(
            Set<String> outputs,
            Network network,
            Map<String, Tensor> values,
            Map<String, Tensor> inputs,
            Type precision,
            int threads) {
        Network part = network.restrictedTo(outputs);
        Network open = part.tappedAt(inSight(part));
        Set<String> all = open.taps().keySet();
        Set<String> hidden = new HashSet<>();
        try (Programs programs = new Programs(open, all, precision, 1, threads, false)) {
            Map<String, Tensor> found = programs.of(first(open, inputs), OneDnnExecutable.compiler(programs, values))
                    .forward(first(open, inputs));
            for (Network.Node node : open.nodes()) {
                if (node.inputs().stream().anyMatch(hidden::contains)
                        || all.contains(node.name())
                                && hasNaN(found.get(node.name()).values())) {
                    hidden.add(node.name());
                }
            }
        }
        return outputs.stream().filter(tap -> hidden.contains(network.tap(tap))).collect(Collectors.toSet());
    }

    /** What is not for layers alone that pass NaN on: so batch-norm is part of the convolution before it. */
    private static Set<String> inSight(Network network) {
        Set<String> names = new HashSet<>(network.taps().values());
        network.nodes().stream().filter(node -> !passesNaN(node.layer())).forEach(node -> names.addAll(node.inputs()));
        return names;
    }

    private static boolean passesNaN(Layer layer) {
        return layer instanceof Convolution || layer instanceof BatchNorm || layer instanceof Linear;
    }

    private static Map<String, Tensor> first(Network network, Map<String, Tensor> inputs) {
        Map<String, Tensor> first = new HashMap<>();
        network.inputs().forEach((name, shape) -> {
            Tensor all = inputs.get(name);
            Shape one = shape.batched(1);
            first.put(name, new Tensor(one, Arrays.copyOf(all.values(), one.elements()), all.layout()));
        });
        return first;
    }

    private static boolean hasNaN(float[] values) {
        for (float value : values) {
            if (Float.isNaN(value)) {
                return true;
            }
        }
        return false;
    }
}
