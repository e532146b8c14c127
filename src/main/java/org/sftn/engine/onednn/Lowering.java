package org.sftn.engine.onednn;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Predicate;
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

/**
 * Turns the nodes that the outputs need into operations for one batch size. Nodes whose value nobody else reads become part of the
 * operation before them: ReLU after batch-norm or a sum; in inference also batch-norm, sum and activation after a convolution.
 */
final class Lowering {
    private final Handles handles;
    private final Network network;
    private final Type precision;
    private final int batch;
    private final boolean training;
    private final Map<String, Value> values = new LinkedHashMap<>();
    private final Map<String, List<Network.Node>> users = new HashMap<>();
    private final Set<String> tapped = new HashSet<>();
    private final Set<String> taken = new HashSet<>();
    private final List<Operation> operations = new ArrayList<>();

    Lowering(Handles handles, Network network, Set<String> outputs, Type precision, int batch, boolean training) {
        this.handles = handles;
        this.network = network;
        this.precision = precision;
        this.batch = batch;
        this.training = training;
        outputs.forEach(tap -> tapped.add(network.tap(tap)));
        Set<String> needed = needed();
        network.inputs().forEach((name, shape) -> value(name, false));
        for (Network.Node node : network.nodes()) {
            if (needed.contains(node.name())) {
                node.inputs()
                        .forEach(input -> users.computeIfAbsent(input, i -> new ArrayList<>())
                                .add(node));
            }
        }
        for (Network.Node node : network.nodes()) {
            if (needed.contains(node.name()) && !taken.contains(node.name())) {
                operations.add(lower(node));
            }
        }
    }

    /** Inputs and what operations make, by name. */
    Map<String, Value> values() {
        return values;
    }

    /** In an order in which each stands after what it takes. */
    List<Operation> operations() {
        return operations;
    }

    /** The layouts that the operations want parameters to have. */
    Map<String, Parameters.Layouts> layouts() {
        Map<String, Parameters.Layouts> layouts = new HashMap<>();
        for (Operation operation : operations) {
            if (operation instanceof ConvolutionOperation convolution) {
                convolution.propose(handles, layouts);
            }
        }
        return layouts;
    }

    /** The parameters that the operations use in another type than fp32. */
    Set<String> rounded() {
        Set<String> rounded = new HashSet<>();
        for (Operation operation : operations) {
            if (operation instanceof ConvolutionOperation convolution
                    && convolution.rounded().isPresent()) {
                rounded.add(convolution.rounded().get());
            }
        }
        return rounded;
    }

    private Set<String> needed() {
        Set<String> needed = new HashSet<>(tapped);
        List<Network.Node> nodes = network.nodes();
        for (int i = nodes.size() - 1; i >= 0; i--) {
            if (needed.contains(nodes.get(i).name())) {
                needed.addAll(nodes.get(i).inputs());
            }
        }
        return needed;
    }

    private Value value(String name, boolean trained) {
        Value value = new Value(handles, name, batch, network.shape(name), precision, trained);
        values.put(name, value);
        return value;
    }

    private Operation lower(Network.Node node) {
        Layer layer = node.layer();
        if (layer instanceof ParameterVector) {
            return new ParameterVectorOperation(handles, value(node.name(), training), node.owner() + ".weight");
        }
        if (layer instanceof ChannelSlice) {
            return slices(node.inputs().get(0));
        }
        List<Value> inputs = node.inputs().stream().map(values::get).toList();
        Value input = inputs.get(0);
        boolean trained =
                training && (!layer.parameters().isEmpty() || inputs.stream().anyMatch(i -> i.trained));
        String owner = node.owner();
        if (layer instanceof Convolution c) {
            return training
                    ? ConvolutionOperation.of(handles, c, input, value(node.name(), trained), owner)
                    : inferred(node, c, input);
        }
        if (layer instanceof TransposedConvolution c) {
            Value output = value(node.name(), trained);
            return training
                    ? ConvolutionOperation.of(handles, c, input, output, owner)
                    : new InferenceTransposedConvolutionOperation(
                            ConvolutionKernel.of(output, input, c.kernel(), c.stride(), c.padding(), 1),
                            input,
                            output,
                            owner + ".weight",
                            c.bias() ? new Bias(owner + ".bias", c.out()) : null);
        }
        if (layer instanceof BatchNorm b) {
            Optional<Network.Node> relu = take(node.name(), Relu.class::isInstance);
            Value output = value(relu.map(Network.Node::name).orElse(node.name()), trained);
            return training
                    ? new BatchNormOperation(handles, b, input, output, owner, relu.isPresent())
                    : new InferenceBatchNormOperation(
                            new InferenceBatchNorm(b, owner), input, output, relu.isPresent());
        }
        if (layer instanceof Add) {
            Optional<Network.Node> relu = take(node.name(), Relu.class::isInstance);
            return new AddOperation(
                    inputs, value(relu.map(Network.Node::name).orElse(node.name()), trained), relu.isPresent());
        }
        Value output = value(node.name(), trained);
        Optional<Activation> activation = Activation.of(layer);
        if (activation.isPresent()) {
            return new ActivationOperation(activation.get(), input, output);
        }
        if (layer instanceof SpatialAttention) {
            return new SpatialAttentionOperation(input, inputs.get(1), output);
        }
        if (layer instanceof MaxPool pool) {
            return PoolOperation.maximum(handles, input, output, pool.kernel(), pool.stride(), pool.padding());
        }
        if (layer instanceof GlobalAveragePool) {
            return PoolOperation.mean(handles, input, output);
        }
        if (layer instanceof AveragePool pool) {
            return PoolOperation.mean(handles, input, output, pool.kernel(), pool.stride(), pool.padding());
        }
        if (layer instanceof Concat) {
            return new ConcatOperation(inputs, output);
        }
        if (layer instanceof ChannelShuffle shuffle) {
            return new ChannelShuffleOperation(handles, shuffle.groups(), input, output);
        }
        if (layer instanceof Upsample) {
            return new UpsampleOperation(input, output);
        }
        if (layer instanceof Flatten) {
            return new FlattenOperation(handles, input, output);
        }
        if (layer instanceof Linear linear) {
            return new LinearOperation(handles, linear, input, output, owner);
        }
        throw new IllegalArgumentException("engine 'onednn' cannot compute node " + node.name() + ": " + layer);
    }

    /** The next slice of a value, with all later ones that have no channel in common with it or with each other. */
    private Operation slices(String name) {
        Value input = values.get(name);
        BitSet channels = new BitSet();
        SortedMap<Integer, Value> outputs = new TreeMap<>();
        for (Network.Node user : users.get(name)) {
            if (user.layer() instanceof ChannelSlice slice && !taken.contains(user.name())) {
                int end = slice.from() + slice.channels();
                if (channels.get(slice.from(), end).isEmpty()) {
                    channels.set(slice.from(), end);
                    taken.add(user.name());
                    outputs.put(slice.from(), value(user.name(), input.trained));
                }
            }
        }
        return new ChannelSliceOperation(input, outputs);
    }

    private Operation inferred(Network.Node node, Convolution c, Value input) {
        String last = node.name();
        Optional<Network.Node> norm = take(last, BatchNorm.class::isInstance);
        last = norm.map(Network.Node::name).orElse(last);
        Optional<Network.Node> sum = takeSum(last);
        String summed = last;
        Value added = sum.map(s -> values.get(s.inputs().get(s.inputs().get(0).equals(summed) ? 1 : 0)))
                .orElse(null);
        last = sum.map(Network.Node::name).orElse(last);
        Optional<Network.Node> activation =
                take(last, layer -> Activation.of(layer).isPresent());
        Value output = value(activation.map(Network.Node::name).orElse(last), false);
        return new InferenceConvolutionOperation(
                ConvolutionKernel.of(input, output, c.kernel(), c.stride(), c.padding(), c.groups()),
                input,
                output,
                node.owner() + ".weight",
                c.bias() ? node.owner() + ".bias" : null,
                norm.map(n -> new InferenceBatchNorm((BatchNorm) n.layer(), n.owner()))
                        .orElse(null),
                added,
                activation.flatMap(a -> Activation.of(a.layer())).orElse(null));
    }

    /** The only reader of a value, when it is such a layer and no output: from now on part of what makes the value. */
    private Optional<Network.Node> take(String value, Predicate<Layer> kind) {
        List<Network.Node> all = users.getOrDefault(value, List.of());
        if (all.size() != 1 || tapped.contains(value) || !kind.test(all.get(0).layer())) {
            return Optional.empty();
        }
        taken.add(all.get(0).name());
        return Optional.of(all.get(0));
    }

    /** Likewise a sum of the value and another one that is there already. */
    private Optional<Network.Node> takeSum(String value) {
        List<Network.Node> all = users.getOrDefault(value, List.of());
        boolean fits = all.size() == 1
                && all.get(0).inputs().size() == 2
                && all.get(0).inputs().stream().allMatch(i -> i.equals(value) || values.containsKey(i));
        return fits ? take(value, Add.class::isInstance) : Optional.empty();
    }
}
