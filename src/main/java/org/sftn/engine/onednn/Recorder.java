package org.sftn.engine.onednn;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.function.Function;
import org.bytedeco.dnnl.dnnl_memory_desc;
import org.bytedeco.dnnl.dnnl_primitive_desc;
import org.bytedeco.dnnl.global.dnnl;
import org.jspecify.annotations.Nullable;
import org.sftn.nn.Tensor;

/** What the operations of a network record into, and where they find parameters. */
final class Recorder {
    /**
     * What inference computes from the loaded values, once.
     *
     * @param canonical the layout of what {@code of} returns
     */
    record Constant(Buffer buffer, dnnl_memory_desc canonical, Function<Map<String, Tensor>, float[]> of) {}

    /**
     * The batch's mean and variance of a batch-norm, for the running ones.
     *
     * @param node that owns the running ones
     * @param count values a channel
     */
    record BatchStatistics(Buffer mean, Buffer variance, String node, double momentum, int count) {}

    private final Handles handles;
    private final Program program;
    /** Null in inference. */
    private final @Nullable Parameters parameters;

    private final List<Constant> constants = new ArrayList<>();
    private final List<BatchStatistics> statistics = new ArrayList<>();
    private final Map<String, List<Buffer>> packed = new HashMap<>();
    private final List<Buffer> ones = new ArrayList<>();
    /** By parameter, the number of steps after which its gradient is final, as far as it is recorded. */
    private final Map<String, Integer> gradients = new HashMap<>();

    /** @param parameters null in inference */
    Recorder(Handles handles, Program program, @Nullable Parameters parameters) {
        this.handles = handles;
        this.program = program;
        this.parameters = parameters;
    }

    Handles handles() {
        return handles;
    }

    Program program() {
        return program;
    }

    boolean isTraining() {
        return parameters != null;
    }

    List<Constant> constants() {
        return constants;
    }

    List<BatchStatistics> statistics() {
        return statistics;
    }

    void keep(BatchStatistics batch) {
        statistics.add(batch);
    }

    private Parameters parameters() {
        return Objects.requireNonNull(parameters, "inference has constants, no parameters");
    }

    /** A parameter in training, as it is in the flat array. */
    Buffer parameter(String name) {
        return parameters().value(name);
    }

    /** A parameter in training in the type and layout that a primitive wants: packed once a step, from the fp32 master. */
    Buffer weight(String name, dnnl_memory_desc layout) {
        Buffer master = parameter(name);
        if (Handles.same(master.layout, layout)) {
            return master;
        }
        List<Buffer> known = packed.computeIfAbsent(name, n -> new ArrayList<>());
        for (Buffer buffer : known) {
            if (Handles.same(buffer.layout, layout)) {
                return buffer;
            }
        }
        Buffer buffer = program.reordered(name, master, layout);
        known.add(buffer);
        return buffer;
    }

    /** A constant of inference in the type and layout that a primitive wants. */
    Buffer constant(dnnl_memory_desc layout, dnnl_memory_desc canonical, Function<Map<String, Tensor>, float[]> of) {
        Buffer buffer = program.kept(layout);
        constants.add(new Constant(buffer, canonical, of));
        return buffer;
    }

    /** Memory that holds 1 everywhere, for steps after this call. */
    Buffer ones(dnnl_memory_desc layout) {
        for (Buffer buffer : ones) {
            if (Handles.same(buffer.layout, layout)) {
                return buffer;
            }
        }
        Buffer buffer = program.kept(layout);
        ones.add(buffer);
        // 0 x + 1
        dnnl_primitive_desc description = handles.description(
                "ones",
                d -> dnnl.dnnl_eltwise_forward_primitive_desc_create(
                        d,
                        handles.library().engine(),
                        dnnl.dnnl_forward_inference,
                        dnnl.dnnl_eltwise_linear,
                        layout,
                        layout,
                        0,
                        1,
                        handles.attributes()));
        program.step("ones", description).with(dnnl.DNNL_ARG_SRC, buffer).with(dnnl.DNNL_ARG_DST, buffer);
        return buffer;
    }

    /** Gives the gradient of a parameter by what writes it to a buffer of a layout. */
    void gradient(String name, dnnl_memory_desc layout, Consumer<Buffer> writer) {
        record(name, layout, writer);
        gradients.put(name, program.size());
    }

    /** The number of steps after which a parameter's gradient is final; 0 for one that no step writes. */
    int finalAfter(String name) {
        return gradients.getOrDefault(name, 0);
    }

    private void record(String name, dnnl_memory_desc layout, Consumer<Buffer> writer) {
        Buffer gradient = parameters().gradient(name);
        boolean first = !gradients.containsKey(name);
        if (first && Handles.same(gradient.layout, layout)) {
            writer.accept(gradient);
            return;
        }
        Buffer own = program.value(layout);
        writer.accept(own);
        if (first) {
            program.reorder(name, own, layout, gradient, gradient.layout);
            return;
        }
        Buffer more = Handles.same(gradient.layout, layout) ? own : program.reordered(name, own, gradient.layout);
        // Without regard to the layout: the two are equal.
        dnnl_memory_desc flat = handles.layout(Type.F32, dnnl.dnnl_a, Handles.bytes(gradient.layout) / Float.BYTES);
        program.step(name + " gradient sum", sum(flat))
                .with(dnnl.DNNL_ARG_SRC_0, gradient, flat)
                .with(dnnl.DNNL_ARG_SRC_1, more, flat)
                .with(dnnl.DNNL_ARG_DST, gradient, flat);
    }

    /** Adds to the gradient of a value; nothing for a value that is not trained. */
    void contribute(Value value, Buffer gradient) {
        if (!value.trained) {
            return;
        }
        if (!value.hasGradient()) {
            value.setGradient(gradient);
            return;
        }
        Buffer sum = program.value(value.layout);
        program.step(value.name + " gradient sum", sum(value.layout))
                .with(dnnl.DNNL_ARG_SRC_0, value.gradient())
                .with(dnnl.DNNL_ARG_SRC_1, gradient)
                .in(dnnl.DNNL_ARG_DST, sum, value.gradient(), gradient);
        value.setGradient(sum);
    }

    private dnnl_primitive_desc sum(dnnl_memory_desc layout) {
        return handles.description(
                "a sum",
                d -> dnnl.dnnl_binary_primitive_desc_create(
                        d,
                        handles.library().engine(),
                        dnnl.dnnl_binary_add,
                        layout,
                        layout,
                        layout,
                        handles.attributes()));
    }
}
