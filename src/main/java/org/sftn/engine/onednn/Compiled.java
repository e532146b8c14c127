package org.sftn.engine.onednn;

import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.LongFunction;
import org.bytedeco.dnnl.dnnl_memory_desc;
import org.bytedeco.dnnl.global.dnnl;
import org.jspecify.annotations.Nullable;
import org.sftn.engine.GradientProgress;
import org.sftn.nn.Layout;
import org.sftn.nn.Network;
import org.sftn.nn.Tensor;

/** A network's program for one batch size and one layout of its inputs: what goes in, what comes out, what it keeps. */
final class Compiled implements AutoCloseable {
    /**
     * A step after which more gradients of parameters are final.
     *
     * @param end behind it
     * @param values final ones, from the first on
     */
    private record Final(int end, int values) {}

    private final Handles handles;
    private final Program program;
    private final Recorder recorder;
    private final ParallelCopy copy;
    private final Map<String, Value> values;
    private final Map<String, Buffer> given = new LinkedHashMap<>();
    private final Map<String, Buffer> read = new LinkedHashMap<>();
    private final Map<String, Buffer> gradientsGiven = new LinkedHashMap<>();
    private final Map<String, Tensor> outputs = new LinkedHashMap<>();
    private final int forwardSteps;
    private final List<Final> finals = new ArrayList<>();

    /**
     * @param handles of this program alone; closed with it
     * @param parameters null in inference
     * @param taps that are read after the forward pass
     * @param layouts of the inputs
     * @param copy of inputs, outputs and gradients
     * @param arena see {@link Program#seal}
     */
    Compiled(
            Handles handles,
            Network network,
            Lowering lowering,
            @Nullable Parameters parameters,
            Set<String> taps,
            int batch,
            Map<String, Layout> layouts,
            ParallelCopy copy,
            LongFunction<Memory> arena) {
        this.handles = handles;
        this.copy = copy;
        this.program = new Program(handles);
        this.recorder = new Recorder(handles, program, parameters);
        this.values = lowering.values();
        network.inputs().keySet().forEach(name -> take(values.get(name), layouts.get(name)));
        lowering.operations().forEach(operation -> operation.forward(recorder));
        taps.forEach(tap -> {
            read(tap, values.get(network.tap(tap)));
            outputs.put(tap, Tensor.zeros(network.tapShape(tap).batched(batch)));
        });
        forwardSteps = program.size();
        given.values().forEach(buffer -> program.use(buffer, 0));
        // After the last forward step, which therefore must not overwrite them.
        read.values().forEach(buffer -> program.use(buffer, forwardSteps));
        if (parameters != null) {
            backward(network, lowering.operations(), taps);
            parameters.ranges().forEach((name, range) -> addFinal(recorder.finalAfter(name), range.end()));
            addFinal(forwardSteps, parameters.gradients().length);
        }
        program.seal(parameters == null ? Map.of() : parameters.memories(), arena);
    }

    private void take(Value value, Layout layout) {
        boolean last = layout == Layout.CHANNELS_LAST || !value.shape.isMap();
        dnnl_memory_desc host = handles.layout(Type.F32, last ? dnnl.dnnl_acdb : dnnl.dnnl_abcd, value.dimensions());
        Buffer buffer = program.value(host);
        given.put(value.name, buffer);
        value.setData(Handles.same(host, value.layout) ? buffer : program.reordered(value.name, buffer, value.layout));
    }

    private void read(String tap, Value value) {
        read.put(tap, value.shape.isMap() ? program.reordered(value.name, value.data(), host(value)) : value.data());
    }

    /** As callers see a value: fp32, channels first. */
    private dnnl_memory_desc host(Value value) {
        return handles.layout(Type.F32, dnnl.dnnl_abcd, value.dimensions());
    }

    private void backward(Network network, List<Operation> operations, Set<String> taps) {
        for (String tap : taps) {
            Value value = values.get(network.tap(tap));
            if (value.trained) {
                Buffer buffer = program.value(value.shape.isMap() ? host(value) : value.layout);
                gradientsGiven.put(tap, buffer);
                program.use(buffer, forwardSteps);
                recorder.contribute(value, value.shape.isMap() ? program.reordered(tap, buffer, value.layout) : buffer);
            }
        }
        for (int i = operations.size() - 1; i >= 0; i--) {
            operations.get(i).backward(recorder);
        }
    }

    private void addFinal(int end, int values) {
        int before = finals.isEmpty() ? forwardSteps : finals.get(finals.size() - 1).end;
        if (!finals.isEmpty() && end <= before) {
            finals.remove(finals.size() - 1);
        }
        finals.add(new Final(Math.max(end, before), values));
    }

    Map<String, Tensor> forward(Map<String, Tensor> inputs) {
        inputs.forEach((name, tensor) -> copy.put(tensor.values(), program.floats(given.get(name))));
        program.run(0, forwardSteps);
        outputs.forEach((tap, tensor) -> copy.get(program.floats(read.get(tap)), tensor.values()));
        return outputs;
    }

    /**
     * Moves the running statistics towards those of the batch. oneDNN's ReLU and ReLU6 make 0 of what is not a number; batch
     * statistics show it, and then all outputs become not a number, so that no loss hides it.
     */
    void updateStatistics(Parameters parameters) {
        boolean finite = true;
        for (Recorder.BatchStatistics batch : recorder.statistics()) {
            double momentum = batch.momentum();
            // PyTorch's running variance is the unbiased one.
            double unbiased = (double) batch.count() / (batch.count() - 1);
            finite &= moved(parameters, batch.node() + ".running_mean", program.floats(batch.mean()), momentum, 1);
            finite &= moved(
                    parameters, batch.node() + ".running_var", program.floats(batch.variance()), momentum, unbiased);
        }
        if (!finite) {
            outputs.values().forEach(tensor -> Arrays.fill(tensor.values(), Float.NaN));
        }
    }

    /** @return whether all are finite */
    private static boolean moved(
            Parameters parameters, String name, FloatBuffer towards, double momentum, double factor) {
        float[] statistics = parameters.statistics();
        int from = parameters.statisticsOffset(name);
        boolean finite = true;
        for (int c = 0; c < towards.limit(); c++) {
            float batch = towards.get(c);
            finite &= Float.isFinite(batch);
            statistics[from + c] = (float) ((1 - momentum) * statistics[from + c] + momentum * factor * batch);
        }
        return finite;
    }

    /** A tap without a gradient has gradient 0. */
    void backward(Map<String, Tensor> gradients, Parameters parameters, GradientProgress progress) {
        gradientsGiven.forEach((tap, buffer) -> {
            Tensor gradient = gradients.get(tap);
            copy.put(
                    gradient == null ? new float[outputs.get(tap).values().length] : gradient.values(),
                    program.floats(buffer));
        });
        int step = forwardSteps;
        int values = 0;
        for (Final next : finals) {
            program.run(step, next.end);
            parameters.download(values, next.values);
            progress.ready(next.values);
            step = next.end;
            values = next.values;
        }
    }

    /** Inference: computes what the program keeps from values by name. */
    void load(Map<String, Tensor> loaded) {
        for (Recorder.Constant constant : recorder.constants()) {
            float[] source = constant.of().apply(loaded);
            try (Memory canonical = new Memory((long) source.length * Float.BYTES)) {
                canonical.floats(0, source.length).put(source);
                Handles.reorder(
                        constant.canonical(),
                        canonical.at(0),
                        constant.buffer().layout,
                        program.address(constant.buffer()));
            }
        }
    }

    @Override
    public void close() {
        program.close();
        handles.close();
    }
}
