package org.sftn.engine.bigdl;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.sftn.nn.Add;
import org.sftn.nn.AveragePool;
import org.sftn.nn.BatchNorm;
import org.sftn.nn.ChannelShuffle;
import org.sftn.nn.ChannelSlice;
import org.sftn.nn.Concat;
import org.sftn.nn.Convolution;
import org.sftn.nn.Flatten;
import org.sftn.nn.GlobalAveragePool;
import org.sftn.nn.Layer;
import org.sftn.nn.Linear;
import org.sftn.nn.MaxPool;
import org.sftn.nn.Network;
import org.sftn.nn.ParameterVector;
import org.sftn.nn.Relu;
import org.sftn.nn.SpatialAttention;
import org.sftn.nn.TransposedConvolution;
import org.sftn.nn.Upsample;

/** Turns the nodes that the outputs need into operations. */
final class Lowering {
    private final Network network;
    private final Mode mode;
    private final int workers;
    private final Parameters parameters;
    private final Map<String, Value> values = new LinkedHashMap<>();
    private final List<Operation> operations = new ArrayList<>();
    private final Map<Operation, Network.Node> nodes = new HashMap<>();
    private int kept;

    Lowering(Network network, Set<String> outputs, Mode mode, int workers, Parameters parameters) {
        this.network = network;
        this.mode = mode;
        this.workers = workers;
        this.parameters = parameters;
        network.inputs().forEach((name, shape) -> values.put(name, new Value(name, shape, false)));
        Set<String> needed = needed(outputs);
        for (Network.Node node : network.nodes()) {
            if (needed.contains(node.name())) {
                List<Value> inputs = node.inputs().stream().map(values::get).toList();
                boolean trained =
                        !node.layer().parameters().isEmpty() || inputs.stream().anyMatch(input -> input.trained);
                Value output = new Value(node.name(), network.shape(node.name()), trained);
                values.put(node.name(), output);
                Operation operation = lower(node, inputs, output);
                operations.add(operation);
                nodes.put(operation, node);
            }
        }
    }

    /** Inputs and needed nodes by name, in their order. */
    Map<String, Value> values() {
        return values;
    }

    /** In an order in which each stands after what it takes. */
    List<Operation> operations() {
        return operations;
    }

    /** What each operation was lowered from. */
    Map<Operation, Network.Node> nodes() {
        return nodes;
    }

    /** Values that every worker keeps for weight gradients. */
    int kept() {
        return kept;
    }

    private Set<String> needed(Set<String> outputs) {
        Set<String> needed = new HashSet<>();
        outputs.forEach(tap -> needed.add(network.tap(tap)));
        List<Network.Node> nodes = network.nodes();
        for (int i = nodes.size() - 1; i >= 0; i--) {
            if (needed.contains(nodes.get(i).name())) {
                needed.addAll(nodes.get(i).inputs());
            }
        }
        return needed;
    }

    private Operation lower(Network.Node node, List<Value> inputs, Value output) {
        Layer layer = node.layer();
        if (layer instanceof ParameterVector vector) {
            return new ParameterVectorOperation(
                    output, parameters, parameters.trained().from(node.owner() + ".weight"), keep(vector.size()));
        }
        Value input = inputs.get(0);
        if (layer instanceof Convolution c) {
            ConvolutionKernel kernel =
                    new ConvolutionKernel(input.shape, output.shape, c.kernel(), c.stride(), c.padding(), c.groups());
            return new ConvolutionOperation(
                    input, output, kernel, weight(node, kernel), c.bias() ? bias(node, output) : null);
        }
        if (layer instanceof TransposedConvolution c) {
            ConvolutionKernel kernel =
                    new ConvolutionKernel(output.shape, input.shape, c.kernel(), c.stride(), c.padding(), 1);
            return new TransposedConvolutionOperation(
                    input, output, kernel, weight(node, kernel), c.bias() ? bias(node, output) : null);
        }
        if (layer instanceof BatchNorm batchNorm) {
            BatchNormPlaces places = new BatchNormPlaces(
                    parameters,
                    parameters.trained().from(node.owner() + ".weight"),
                    parameters.trained().from(node.owner() + ".bias"),
                    parameters.running().from(node.owner() + ".running_mean"),
                    parameters.running().from(node.owner() + ".running_var"));
            return mode == Mode.TRAINING
                    ? new BatchNormTrainingOperation(input, output, batchNorm, places, workers)
                    : new BatchNormInferenceOperation(input, output, batchNorm, places);
        }
        if (layer instanceof Linear linear) {
            return new LinearOperation(
                    input,
                    output,
                    parameters,
                    parameters.trained().from(node.owner() + ".weight"),
                    parameters.trained().from(node.owner() + ".bias"),
                    keep(linear.out() * (linear.in() + 1)));
        }
        if (layer instanceof Relu) {
            return new ReluOperation(input, output);
        }
        Optional<Activation> activation = Activation.of(layer);
        if (activation.isPresent()) {
            return new ActivationOperation(activation.get(), input, output);
        }
        if (layer instanceof SpatialAttention) {
            return new SpatialAttentionOperation(input, inputs.get(1), output);
        }
        if (layer instanceof Add) {
            return new AddOperation(inputs, output);
        }
        if (layer instanceof MaxPool pool) {
            return new MaxPoolOperation(input, output, pool, mode, workers);
        }
        if (layer instanceof AveragePool pool) {
            return new AveragePoolOperation(input, output, pool);
        }
        if (layer instanceof Concat) {
            return new ConcatOperation(inputs, output);
        }
        if (layer instanceof ChannelSlice slice) {
            return new ChannelSliceOperation(input, output, slice.from());
        }
        if (layer instanceof ChannelShuffle shuffle) {
            return new ChannelShuffleOperation(input, output, shuffle.groups());
        }
        if (layer instanceof Upsample upsample) {
            return new UpsampleOperation(input, output, upsample.factor());
        }
        if (layer instanceof Flatten) {
            return new FlattenOperation(input, output);
        }
        if (layer instanceof GlobalAveragePool) {
            return new GlobalAveragePoolOperation(input, output);
        }
        throw new IllegalArgumentException("engine 'bigdl' cannot compute node " + node.name() + ": " + layer);
    }

    private KernelWeight weight(Network.Node node, ConvolutionKernel kernel) {
        return new KernelWeight(
                kernel,
                parameters,
                parameters.trained().from(node.owner() + ".weight"),
                new float[kernel.weights()],
                keep(kernel.weights()));
    }

    private Bias bias(Network.Node node, Value output) {
        return new Bias(parameters, parameters.trained().from(node.owner() + ".bias"), keep(output.shape.channels()));
    }

    private int keep(int values) {
        int from = kept;
        kept = mode == Mode.TRAINING ? Math.addExact(kept, values) : 0;
        return from;
    }
}
