package org.sftn.engine.onednn;

import org.bytedeco.dnnl.dnnl_memory_desc;
import org.bytedeco.dnnl.dnnl_primitive_desc;
import org.bytedeco.dnnl.global.dnnl;

/**
 * The bias of a (transposed) convolution, one fp32 per channel.
 *
 * @param name the parameter's full name
 */
record Bias(String name, int channels) {
    dnnl_memory_desc layout(Handles handles) {
        return handles.layout(Type.F32, dnnl.dnnl_a, channels);
    }

    Buffer value(Recorder recorder) {
        dnnl_memory_desc layout = layout(recorder.handles());
        return recorder.isTraining()
                ? recorder.parameter(name)
                : recorder.constant(layout, layout, values -> values.get(name).values());
    }

    /** Records the sum with a value that was computed without it. */
    Buffer added(Recorder recorder, Value output, Buffer without) {
        Handles handles = recorder.handles();
        dnnl_memory_desc each = handles.layout(Type.F32, dnnl.dnnl_abcd, 1, channels, 1, 1);
        Buffer sum = recorder.program().value(output.layout);
        recorder.program()
                .step(
                        output.name + " bias",
                        handles.description(
                                "a sum with a bias",
                                d -> dnnl.dnnl_binary_primitive_desc_create(
                                        d,
                                        handles.library().engine(),
                                        dnnl.dnnl_binary_add,
                                        output.layout,
                                        each,
                                        output.layout,
                                        handles.attributes())))
                .with(dnnl.DNNL_ARG_SRC_0, without)
                .with(dnnl.DNNL_ARG_SRC_1, value(recorder), each)
                .in(dnnl.DNNL_ARG_DST, sum, without);
        return sum;
    }

    /** Records its gradient: the sum of the output's over all pixels. */
    void gradient(Recorder recorder, Value output) {
        Handles handles = recorder.handles();
        long pixels = (long) output.batch * output.height() * output.width();
        // A product of matrices: oneDNN's reduction takes a hundred times as long along this dimension.
        dnnl_memory_desc row = handles.layout(output.type, dnnl.dnnl_ab, 1, pixels);
        Buffer ones = recorder.ones(row);
        dnnl_memory_desc given = handles.layout(output.type, dnnl.dnnl_ab, pixels, channels);
        dnnl_memory_desc sums = handles.layout(Type.F32, dnnl.dnnl_ab, 1, channels);
        dnnl_primitive_desc product = handles.description(
                "a bias's gradient",
                d -> dnnl.dnnl_matmul_primitive_desc_create(
                        d, handles.library().engine(), row, given, null, sums, handles.attributes()));
        recorder.gradient(
                name,
                layout(handles),
                into -> recorder.program()
                        .step(output.name + " bias gradient", product)
                        .with(dnnl.DNNL_ARG_SRC, ones)
                        .with(dnnl.DNNL_ARG_WEIGHTS, output.gradient(), given)
                        .with(dnnl.DNNL_ARG_DST, into, sums));
    }
}
