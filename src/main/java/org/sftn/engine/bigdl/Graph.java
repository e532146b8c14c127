package org.sftn.engine.bigdl;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.sftn.engine.Checks;
import org.sftn.engine.GradientProgress;
import org.sftn.nn.Layout;
import org.sftn.nn.Network;
import org.sftn.nn.Tensor;

/** The operations of a network with their memory; runs them forward and backward. */
final class Graph implements AutoCloseable {
    private final Network network;
    private final Set<String> outputs;
    private final Mode mode;
    private final int largestBatch;
    private final Parameters parameters;
    private final Map<String, Value> values;
    private final List<Operation> operations;
    private final Map<Operation, Network.Node> nodes;
    /** By node, the end of its parameters in the array. */
    private final Map<String, Integer> ends = new HashMap<>();
    /** Values that the caller reads after a forward pass. */
    private final Set<Value> requested = new HashSet<>();

    private final Team team;
    /** Arrays for gradients that no value of the current backward pass has, by length. */
    private final Map<Integer, Deque<float[]>> freeGradients = new HashMap<>();
    /** The batch that the arrays are for; 0 before the first forward pass. */
    private int batch;
    /** Whether there is a forward pass to go back through. */
    private boolean forwardDone;

    /**
     * An operation in a backward pass.
     *
     * @param complete operations whose parameters no later step of the pass adds to
     * @param values gradients that are final when those are collected, from the first on
     */
    private record Step(Operation operation, List<Into> into, List<Operation> complete, int values) {}

    Graph(Network network, Set<String> outputs, Mode mode, int largestBatch, int threads, Parameters parameters) {
        if (largestBatch < 1) {
            throw new IllegalArgumentException("the largest batch must be at least 1, not " + largestBatch);
        }
        if (outputs.isEmpty()) {
            throw new IllegalArgumentException("no outputs are asked for; there are the taps "
                    + network.taps().keySet());
        }
        this.network = network;
        this.outputs = Collections.unmodifiableSet(new TreeSet<>(outputs));
        this.mode = mode;
        this.largestBatch = largestBatch;
        this.parameters = parameters;
        Lowering lowered = new Lowering(network, outputs, mode, threads, parameters);
        values = lowered.values();
        operations = lowered.operations();
        nodes = lowered.nodes();
        parameters
                .trained()
                .ranges()
                .forEach((name, range) -> ends.put(name.substring(0, name.lastIndexOf('.')), range.end()));
        outputs.forEach(tap -> requested.add(values.get(network.tap(tap))));
        values.values().forEach(this::requireFit);
        int scratch = operations.stream().mapToInt(Operation::scratch).max().orElse(0);
        team = new Team(threads, scratch, lowered.kept());
    }

    private void requireFit(Value value) {
        if ((long) value.shape.elements() * largestBatch > Integer.MAX_VALUE) {
            throw new IllegalArgumentException(value.name + ": a batch of " + largestBatch + " of " + value.shape
                    + " is more than an array holds");
        }
    }

    Map<String, Tensor> forward(Map<String, Tensor> inputs) {
        int given = checkedBatch(inputs);
        if (given != batch) {
            allocate(given);
        }
        inputs.forEach((name, tensor) -> values.get(name).data = tensor.values());
        team.run(batch, worker -> {
            operations.forEach(operation -> operation.prepare(worker));
            worker.together();
            operations.forEach(operation -> operation.forward(worker));
        });
        forwardDone = true;
        Map<String, Tensor> taps = new LinkedHashMap<>();
        for (String tap : outputs) {
            Value value = values.get(network.tap(tap));
            taps.put(tap, new Tensor(value.shape.batched(batch), value.data));
        }
        return taps;
    }

    private int checkedBatch(Map<String, Tensor> inputs) {
        int given = Checks.batch(network, inputs, largestBatch, layout -> layout == Layout.CHANNELS_FIRST);
        for (Operation operation : operations) {
            String refusal = operation.refusal(given);
            if (refusal != null) {
                throw new IllegalArgumentException(refusal);
            }
        }
        return given;
    }

    /** Exact lengths spare copies of taps; a smaller last batch costs two allocations an epoch. */
    private void allocate(int newBatch) {
        batch = newBatch;
        freeGradients.clear();
        values.values().forEach(Value::dropGradient);
        Map<Value, List<Operation>> consumers = new HashMap<>();
        Map<Value, Operation> producers = new HashMap<>();
        for (Operation operation : operations) {
            operation
                    .inputs()
                    .forEach(input -> consumers
                            .computeIfAbsent(input, i -> new ArrayList<>())
                            .add(operation));
            producers.put(operation.output(), operation);
        }
        Map<Integer, Deque<float[]>> free = new HashMap<>();
        for (Operation operation : operations) {
            Value output = operation.output();
            Set<Value> dying = new HashSet<>();
            for (Value input : operation.inputs()) {
                List<Operation> all = consumers.get(input);
                boolean last = all.get(all.size() - 1) == operation;
                if (last
                        && producers.containsKey(input)
                        && !requested.contains(input)
                        && !needed(producers.get(input), all)) {
                    dying.add(input);
                }
            }
            Value under = operation.inputs().stream()
                    .limit(operation.elementwise() ? 2 : 0)
                    .filter(input -> dying.contains(input) && Collections.frequency(operation.inputs(), input) == 1)
                    .findFirst()
                    .orElse(null);
            output.data = under == null ? take(free, output) : under.data;
            dying.remove(under);
            dying.forEach(value -> give(free, value.data));
        }
    }

    /** Whether the backward pass reads a value. */
    private boolean needed(Operation producer, List<Operation> consumers) {
        return mode == Mode.TRAINING
                && (producer.needsOutput() || consumers.stream().anyMatch(Operation::needsInput));
    }

    private float[] take(Map<Integer, Deque<float[]>> free, Value value) {
        int length = value.shape.elements() * batch;
        Deque<float[]> fitting = free.get(length);
        return fitting == null || fitting.isEmpty() ? new float[length] : fitting.pop();
    }

    private static void give(Map<Integer, Deque<float[]>> free, float[] array) {
        free.computeIfAbsent(array.length, length -> new ArrayDeque<>()).push(array);
    }

    void backward(Map<String, Tensor> gradients, GradientProgress progress) {
        if (!forwardDone) {
            throw new IllegalStateException("backward without a forward pass before it");
        }
        Checks.gradients(network, outputs, batch, gradients);
        forwardDone = false;
        Map<Value, List<float[]>> given = new LinkedHashMap<>();
        gradients.forEach((tap, gradient) -> {
            Value value = values.get(network.tap(tap));
            if (value.trained) {
                given.computeIfAbsent(value, v -> new ArrayList<>()).add(gradient.values());
            }
        });
        given.keySet().forEach(value -> value.gradient = take(freeGradients, value));
        List<Step> steps = plan();
        Reports reports = new Reports(progress);
        try {
            team.run(batch, worker -> {
                Arrays.fill(worker.kept, 0);
                if (worker.index == 0) {
                    Arrays.fill(parameters.gradients(), 0);
                }
                given.forEach((value, all) -> start(worker, value, all));
                steps.forEach(step -> backward(worker, step, reports));
                worker.together();
                reports.ready(worker, parameters.gradients().length);
            });
        } catch (IllegalStateException e) {
            throw reports.refusal == null ? e : reports.refusal;
        }
        values.values().forEach(Value::dropGradient);
    }

    private void backward(Worker worker, Step step, Reports reports) {
        step.operation().backward(worker, step.into());
        if (!step.complete().isEmpty()) {
            worker.together();
            reports.ready(worker, reports.collected);
            step.complete().forEach(operation -> operation.collect(worker, team.workers()));
            if (worker.index == 0) {
                reports.collected = step.values();
            }
        }
    }

    /** What one worker tells of a pass. What is collected is there for all when all workers have met again. */
    private static final class Reports {
        private final GradientProgress progress;
        private int collected;
        /** What the caller threw; null when it has not. */
        private @Nullable RuntimeException refusal;

        Reports(GradientProgress progress) {
            this.progress = progress;
        }

        void ready(Worker worker, int values) {
            if (worker.index != 0) {
                return;
            }
            try {
                progress.ready(values);
            } catch (RuntimeException e) {
                refusal = e;
                throw e;
            }
        }
    }

    private void start(Worker worker, Value value, List<float[]> given) {
        int from = worker.from * value.shape.elements();
        int to = worker.to * value.shape.elements();
        System.arraycopy(given.get(0), from, value.gradient, from, to - from);
        for (float[] more : given.subList(1, given.size())) {
            Loops.add(value.gradient, more, value.gradient, from, to);
        }
    }

    /** The operations that the started gradients reach, last first, with an array for each gradient while it is needed. */
    private List<Step> plan() {
        List<Step> steps = new ArrayList<>();
        for (int i = operations.size() - 1; i >= 0; i--) {
            Operation operation = operations.get(i);
            Value output = operation.output();
            if (!output.hasGradient()) {
                continue;
            }
            boolean handedOn = false;
            List<Into> into = new ArrayList<>();
            for (Value input : operation.inputs()) {
                if (!input.trained) {
                    into.add(Into.NOTHING);
                } else if (input.hasGradient()) {
                    into.add(Into.ADD);
                } else {
                    into.add(Into.OVERWRITE);
                    boolean over = operation.elementwise()
                            && !handedOn
                            && Collections.frequency(operation.inputs(), input) == 1;
                    input.gradient = over ? output.gradient : take(freeGradients, input);
                    handedOn |= over;
                }
            }
            steps.add(new Step(operation, into, List.of(), 0));
            if (!handedOn) {
                give(freeGradients, output.gradient);
            }
        }
        return collecting(steps);
    }

    private List<Step> collecting(List<Step> steps) {
        Map<String, List<Operation>> users = new HashMap<>();
        for (Step step : steps) {
            // In the order of the network, whatever the order of the pass.
            users.computeIfAbsent(nodes.get(step.operation()).owner(), owner -> new ArrayList<>())
                    .add(0, step.operation());
        }
        List<Step> all = new ArrayList<>();
        int values = 0;
        for (Step step : steps) {
            Network.Node node = nodes.get(step.operation());
            List<Operation> sharing = users.get(node.owner());
            boolean last = step.operation().hasParameters() && sharing.get(0) == step.operation();
            if (last && node.ownsParameters()) {
                values = ends.get(node.name());
            }
            all.add(new Step(step.operation(), step.into(), last ? sharing : List.of(), values));
        }
        return all;
    }

    @Override
    public void close() {
        team.close();
        values.values().forEach(Value::dropData);
        freeGradients.clear();
        batch = 0;
    }
}
