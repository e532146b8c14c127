package org.sftn.engine.onednn;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import org.bytedeco.dnnl.dnnl_memory_desc;
import org.sftn.engine.Flat;
import org.sftn.engine.ParameterRange;
import org.sftn.engine.onednn.Buffer.Region;
import org.sftn.nn.Network;
import org.sftn.nn.ParameterSpec;
import org.sftn.nn.Shape;
import org.sftn.nn.Tensor;

/**
 * Master weights and gradients, both fp32, as flat arrays: each parameter in the layout in which its gradient comes out, so that
 * nothing is reordered between the backward pass, the exchange and the update. Layouts may pad; what pads is 0 and stays 0. The last
 * node's come first.
 */
final class Parameters implements AutoCloseable {
    /** A parameter's part of the arrays. */
    private record Slot(ParameterSpec spec, dnnl_memory_desc canonical, dnnl_memory_desc own, int offset, int length) {}

    // In floats: every parameter starts on a cache line of its own.
    private static final int ALIGNMENT = 16;

    private final Handles handles = new Handles();
    private final Network network;
    private final Flat trained;
    private final Flat running;
    private final Map<String, Slot> slots = new LinkedHashMap<>();
    private final ParallelCopy copy;
    private final float[] values;
    private final float[] gradients;
    private final float[] statistics;
    private final Memory nativeValues;
    private final Memory nativeGradients;

    /**
     * How a weight lies in the arrays.
     *
     * @param canonical as it is loaded and saved; of the same dimensions as {@code own}
     */
    record Layouts(dnnl_memory_desc canonical, dnnl_memory_desc own) {}

    /**
     * @param layouts of the parameters that should not have the canonical one
     */
    Parameters(Network network, Map<String, Layouts> layouts, ParallelCopy copy) {
        this.network = network;
        this.copy = copy;
        int from = 0;
        for (ParameterSpec spec : network.parametersFromLast()) {
            Layouts wanted = layouts.get(spec.name());
            dnnl_memory_desc canonical =
                    wanted == null ? canonical(handles, spec.shape()) : handles.copy(wanted.canonical());
            dnnl_memory_desc own = wanted == null ? canonical : handles.copy(wanted.own());
            int length = Math.toIntExact(Handles.bytes(own) / Float.BYTES);
            slots.put(spec.name(), new Slot(spec, canonical, own, from, length));
            from = Math.addExact(from, (length + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT);
        }
        values = new float[from];
        gradients = new float[from];
        nativeValues = new Memory((long) from * Float.BYTES);
        nativeGradients = new Memory((long) from * Float.BYTES);
        running = new Flat(network.statistics());
        trained = new Flat(network.parameters());
        statistics = new float[running.length()];
    }

    /** A parameter's dimensions as they are, row by row. */
    static dnnl_memory_desc canonical(Handles handles, Shape shape) {
        long[] dimensions = shape.dimensions().stream().mapToLong(d -> d).toArray();
        long[] strides = new long[dimensions.length];
        long stride = 1;
        for (int i = dimensions.length - 1; i >= 0; i--) {
            strides[i] = stride;
            stride *= dimensions[i];
        }
        return handles.layout(Type.F32, dimensions, strides);
    }

    float[] values() {
        return values;
    }

    float[] gradients() {
        return gradients;
    }

    float[] statistics() {
        return statistics;
    }

    Map<String, ParameterRange> ranges() {
        Map<String, ParameterRange> ranges = new LinkedHashMap<>();
        slots.forEach((name, slot) -> ranges.put(name, new ParameterRange(slot.offset, slot.offset + slot.length)));
        return ranges;
    }

    int statisticsOffset(String name) {
        return running.from(name);
    }

    /** The parameter itself, for programs. */
    Buffer value(String name) {
        return buffer(name, Region.PARAMETERS);
    }

    /** Where a program puts the parameter's gradient. */
    Buffer gradient(String name) {
        return buffer(name, Region.GRADIENTS);
    }

    private Buffer buffer(String name, Region region) {
        Slot slot = slots.get(name);
        return new Buffer(slot.own, region, (long) slot.offset * Float.BYTES);
    }

    Map<Region, Memory> memories() {
        return Map.of(Region.PARAMETERS, nativeValues, Region.GRADIENTS, nativeGradients);
    }

    /** Before a forward pass: the caller may have written to {@link #values}. */
    void upload() {
        copy.put(values, nativeValues.floats(0, values.length));
    }

    /** Copies gradients, from one inclusive to another exclusive, out of native memory. */
    void download(int from, int to) {
        copy.get(nativeGradients.floats((long) from * Float.BYTES, to - from), gradients, from, to - from);
    }

    void load(Map<String, Tensor> given) {
        running.check(given);
        layOut(given, values);
        running.load(given, statistics);
    }

    void layOut(Map<String, Tensor> given, float[] array) {
        trained.check(given);
        Arrays.fill(array, 0);
        for (Slot slot : slots.values()) {
            float[] source = given.get(slot.spec.name()).values();
            reordered(slot.canonical, source, 0, slot.own, array, slot.offset, slot.length);
        }
    }

    Tensor canonical(String name, float[] array) {
        Slot slot = slots.get(name);
        Tensor tensor = Tensor.zeros(slot.spec.shape());
        reordered(slot.own, array, slot.offset, slot.canonical, tensor.values(), 0, tensor.values().length);
        return tensor;
    }

    Map<String, Tensor> save() {
        Map<String, Tensor> saved = new LinkedHashMap<>();
        network.parameters().forEach(spec -> saved.put(spec.name(), canonical(spec.name(), values)));
        network.statistics().forEach(spec -> saved.put(spec.name(), running.save(statistics, spec.name())));
        return saved;
    }

    private static void reordered(
            dnnl_memory_desc from,
            float[] source,
            int sourceAt,
            dnnl_memory_desc to,
            float[] target,
            int targetAt,
            int count) {
        if (Handles.same(from, to)) {
            System.arraycopy(source, sourceAt, target, targetAt, count);
            return;
        }
        int given = Math.toIntExact(Handles.bytes(from) / Float.BYTES);
        try (Memory one = new Memory(Handles.bytes(from));
                Memory other = new Memory(Handles.bytes(to))) {
            one.floats(0, given).put(source, sourceAt, given);
            Handles.reorder(from, one.at(0), to, other.at(0));
            other.floats(0, count).get(target, targetAt, count);
        }
    }

    /** Releases native memory; the arrays stay. */
    @Override
    public void close() {
        nativeValues.close();
        nativeGradients.close();
        handles.close();
    }
}
