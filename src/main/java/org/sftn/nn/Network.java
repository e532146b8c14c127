package org.sftn.nn;

import java.io.Serializable;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.zip.CRC32;

/**
 * A directed graph of named layers with inferred shapes. Values are named by the input or node that makes them. Taps give
 * stable names ({@code stage1}, {@code logits}; see {@link Taps}) to the values that losses and other networks use.
 */
public final class Network implements Serializable {
    private static final long serialVersionUID = 1L;

    /**
     * One layer at its place.
     *
     * @param inputs names of network inputs or earlier nodes
     * @param owner the node whose parameters and statistics it uses: itself, or an earlier node with an equal layer that owns
     *     its own
     */
    public record Node(String name, Layer layer, List<String> inputs, String owner) implements Serializable {
        /** Whether the parameters are this node's own. */
        public boolean ownsParameters() {
            return owner.equals(name);
        }
    }

    private final Map<String, Shape> inputs;
    private final List<Node> nodes;
    private final Map<String, Shape> shapes;
    private final Map<String, String> taps;

    private Network(Builder builder) {
        this.inputs = Collections.unmodifiableMap(new LinkedHashMap<>(builder.inputs));
        this.nodes = List.copyOf(builder.nodes);
        this.shapes = Map.copyOf(builder.shapes);
        this.taps = Collections.unmodifiableMap(new LinkedHashMap<>(builder.taps));
    }

    /** Input names with the shape of one example. */
    public Map<String, Shape> inputs() {
        return inputs;
    }

    /** In an order in which every node stands after its inputs. */
    public List<Node> nodes() {
        return nodes;
    }

    /** Tap name to value name, in the order in which they were declared. */
    public Map<String, String> taps() {
        return taps;
    }

    /** @throws IllegalArgumentException when there is no such tap; the message lists those that there are */
    public String tap(String tap) {
        String value = taps.get(tap);
        if (value == null) {
            throw new IllegalArgumentException("no tap '" + tap + "'; there are " + taps.keySet());
        }
        return value;
    }

    /** The shape of one example at a tap. */
    public Shape tapShape(String tap) {
        return shapes.get(tap(tap));
    }

    /** The shape of one example of a value. */
    public Shape shape(String value) {
        return shapes.get(value);
    }

    /** All trained parameters by full name, in the canonical order: nodes in order, PyTorch's order within a layer. */
    public List<ParameterSpec> parameters() {
        return collect(Layer::parameters);
    }

    /**
     * The same in the order in which a backward pass makes their gradients final: from the last node to the first. Parameters that
     * several nodes use belong to the first of them, the last that the pass comes to.
     */
    public List<ParameterSpec> parametersFromLast() {
        List<ParameterSpec> all = parameters();
        Collections.reverse(all);
        return all;
    }

    /** All running statistics by full name, in the canonical order. */
    public List<ParameterSpec> statistics() {
        return collect(Layer::statistics);
    }

    private List<ParameterSpec> collect(Function<Layer, List<ParameterSpec>> of) {
        List<ParameterSpec> all = new ArrayList<>();
        for (Node node : nodes) {
            if (node.ownsParameters()) {
                of.apply(node.layer()).forEach(p -> all.add(p.under(node.name())));
            }
        }
        return all;
    }

    /** The part that makes these taps: its nodes, inputs and taps alone. */
    public Network restrictedTo(Set<String> taps) {
        Set<String> needed = new HashSet<>();
        taps.forEach(tap -> needed.add(tap(tap)));
        for (int i = nodes.size() - 1; i >= 0; i--) {
            Node node = nodes.get(i);
            if (needed.contains(node.name())) {
                needed.addAll(node.inputs());
                needed.add(node.owner());
            }
        }
        Builder part = builder();
        inputs.forEach((name, shape) -> {
            if (needed.contains(name)) {
                part.input(name, shape);
            }
        });
        nodes.stream().filter(node -> needed.contains(node.name())).forEach(part::add);
        this.taps.forEach((tap, value) -> {
            if (taps.contains(tap)) {
                part.tap(tap, value);
            }
        });
        return part.build();
    }

    /**
     * The same network with taps on what some nodes make, by the node's name, and no other taps.
     *
     * @param names of nodes
     */
    public Network tappedAt(Set<String> names) {
        Builder all = builder();
        inputs.forEach(all::input);
        for (Node node : nodes) {
            all.add(node);
            if (names.contains(node.name())) {
                all.tap(node.name(), node.name());
            }
        }
        return all.build();
    }

    /** The number of trained values. */
    public long parameterCount() {
        return parameters().stream().mapToLong(p -> p.shape().elements()).sum();
    }

    /**
     * Fresh parameters and statistics by full name, in the canonical order. Each depends on the seed and its own name alone.
     */
    public Map<String, Tensor> initialValues(long seed) {
        return initialValues(seed, Set.of());
    }

    /** The same without those of some names. */
    public Map<String, Tensor> initialValues(long seed, Set<String> except) {
        Map<String, Tensor> values = new LinkedHashMap<>();
        List<ParameterSpec> all = parameters();
        all.addAll(statistics());
        all.removeIf(spec -> except.contains(spec.name()));
        for (ParameterSpec spec : all) {
            Tensor tensor = Tensor.zeros(spec.shape());
            spec.initializer()
                    .fill(tensor.values(), new SplittableRandom(seed * 0x9E3779B97F4A7C15L ^ hash(spec.name())));
            values.put(spec.name(), tensor);
        }
        return values;
    }

    private static long hash(String name) {
        CRC32 crc = new CRC32();
        crc.update(name.getBytes(StandardCharsets.UTF_8));
        return crc.getValue();
    }

    public static Builder builder() {
        return new Builder();
    }

    /** Builds a network node by node; every mistake is refused where it is made, naming node and shapes. */
    public static final class Builder {
        private final Map<String, Shape> inputs = new LinkedHashMap<>();
        private final List<Node> nodes = new ArrayList<>();
        private final Map<String, Shape> shapes = new LinkedHashMap<>();
        private final Map<String, String> taps = new LinkedHashMap<>();

        private Builder() {}

        /** Declares an input and returns its name. */
        public String input(String name, Shape shape) {
            declare(name, shape);
            inputs.put(name, shape);
            return name;
        }

        /** Adds a node and returns its name. */
        public String add(String name, Layer layer, String... from) {
            return add(new Node(name, layer, List.of(from), name));
        }

        private String add(Node node) {
            String name = node.name();
            List<Shape> given = new ArrayList<>();
            for (String input : node.inputs()) {
                Shape shape = shapes.get(input);
                if (shape == null) {
                    throw new IllegalArgumentException(name + ": there is no value '" + input + "' to take");
                }
                given.add(shape);
            }
            Shape out;
            try {
                out = node.layer().outputShape(given);
            } catch (IllegalArgumentException e) {
                throw new IllegalArgumentException(name + ": " + e.getMessage(), e);
            }
            declare(name, out);
            nodes.add(node);
            return name;
        }

        public Shape shape(String value) {
            return shapes.get(value);
        }

        /** Names a value for use from outside. */
        public Builder tap(String tap, String value) {
            if (!shapes.containsKey(value)) {
                throw new IllegalArgumentException("tap '" + tap + "': there is no value '" + value + "'");
            }
            if (taps.putIfAbsent(tap, value) != null) {
                throw new IllegalArgumentException("tap '" + tap + "' is there already");
            }
            return this;
        }

        /**
         * Adds all nodes of another network, its inputs replaced by values of this one. Its node and tap names get the
         * prefix and a dot; an empty prefix leaves them.
         *
         * @return the part's taps, by their names in the part, with the values' names here
         */
        public Map<String, String> include(String prefix, Network part, Map<String, String> inputs) {
            return include(prefix, part, inputs, prefix);
        }

        /**
         * As {@link #include(String, Network, Map)}, with the parameters of the nodes that were included under {@code owner}:
         * both are trained as one.
         */
        public Map<String, String> includeSharing(
                String prefix, Network part, Map<String, String> inputs, String owner) {
            for (Node node : part.nodes()) {
                String own = owner + "." + node.name();
                if (nodes.stream()
                        .noneMatch(n -> n.name().equals(own) && n.layer().equals(node.layer()))) {
                    throw new IllegalArgumentException(
                            prefix + ": there is no node '" + own + "' to share parameters with");
                }
            }
            return include(prefix, part, inputs, owner);
        }

        private Map<String, String> include(String prefix, Network part, Map<String, String> inputs, String owner) {
            String dotted = dotted(prefix);
            String dottedOwner = dotted(owner);
            if (!part.inputs().keySet().equals(inputs.keySet())) {
                throw new IllegalArgumentException(String.format(
                        Locale.ROOT,
                        "the part '%s' has the inputs %s, not %s",
                        prefix,
                        part.inputs().keySet(),
                        inputs.keySet()));
            }
            Map<String, String> names = new LinkedHashMap<>();
            part.inputs().forEach((input, shape) -> {
                String value = inputs.get(input);
                if (!shape.equals(shapes.get(value))) {
                    throw new IllegalArgumentException(String.format(
                            Locale.ROOT,
                            "the part '%s' has the input '%s' of %s; it cannot be '%s' of %s",
                            prefix,
                            input,
                            shape,
                            value,
                            shapes.get(value)));
                }
                names.put(input, value);
            });
            Map<String, String> owners = nodes.stream().collect(Collectors.toMap(Node::name, Node::owner));
            for (Node node : part.nodes()) {
                List<String> from = node.inputs().stream().map(names::get).collect(Collectors.toList());
                String named = dottedOwner + node.owner();
                // The named owner may itself share: parameters belong to the first.
                String first = owners.getOrDefault(named, named);
                names.put(node.name(), add(new Node(dotted + node.name(), node.layer(), from, first)));
            }
            Map<String, String> taken = new LinkedHashMap<>();
            part.taps().forEach((tap, value) -> {
                tap(dotted + tap, names.get(value));
                taken.put(tap, names.get(value));
            });
            return taken;
        }

        private static String dotted(String prefix) {
            return prefix.isEmpty() ? "" : prefix + ".";
        }

        private void declare(String name, Shape shape) {
            if (shapes.putIfAbsent(name, shape) != null) {
                throw new IllegalArgumentException("the name '" + name + "' is taken");
            }
        }

        public Network build() {
            return new Network(this);
        }
    }
}
