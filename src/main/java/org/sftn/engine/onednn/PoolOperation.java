package org.sftn.engine.onednn;

import org.bytedeco.dnnl.dnnl_memory_desc;
import org.bytedeco.dnnl.dnnl_primitive_desc;
import org.bytedeco.dnnl.global.dnnl;
import org.jspecify.annotations.Nullable;

/** The largest or the mean of a window, or the mean of a whole map, which comes out in fp32. */
final class PoolOperation implements Operation {
    private final Value input;
    private final Value output;
    private final dnnl_memory_desc pooled;
    private final dnnl_primitive_desc forward;
    /** Null when no gradient of the input is wanted. */
    private final @Nullable dnnl_primitive_desc backward;

    private final boolean maximum;
    /** Of a maximum in training, once the forward pass is recorded. */
    private @Nullable Buffer workspace;

    static PoolOperation maximum(Handles handles, Value input, Value output, int kernel, int stride, int padding) {
        return new PoolOperation(handles, input, output, true, square(kernel), square(stride), square(padding));
    }

    static PoolOperation mean(Handles handles, Value input, Value output, int kernel, int stride, int padding) {
        return new PoolOperation(handles, input, output, false, square(kernel), square(stride), square(padding));
    }

    static PoolOperation mean(Handles handles, Value input, Value output) {
        return new PoolOperation(
                handles, input, output, false, new long[] {input.height(), input.width()}, square(1), square(0));
    }

    private PoolOperation(
            Handles handles,
            Value input,
            Value output,
            boolean maximum,
            long[] kernel,
            long[] strides,
            long[] padding) {
        this.input = input;
        this.output = output;
        this.maximum = maximum;
        this.pooled = handles.layout(input.type, dnnl.dnnl_acdb, output.dimensions());
        int algorithm = maximum ? dnnl.dnnl_pooling_max : dnnl.dnnl_pooling_avg_include_padding;
        this.forward = handles.description(
                "pooling",
                d -> dnnl.dnnl_pooling_forward_primitive_desc_create(
                        d,
                        handles.library().engine(),
                        input.trained ? dnnl.dnnl_forward_training : dnnl.dnnl_forward_inference,
                        algorithm,
                        input.layout,
                        pooled,
                        strides,
                        kernel,
                        square(0),
                        padding,
                        padding,
                        handles.attributes()));
        this.backward = !input.trained
                ? null
                : handles.description(
                        "pooling's gradient",
                        d -> dnnl.dnnl_pooling_backward_primitive_desc_create(
                                d,
                                handles.library().engine(),
                                algorithm,
                                input.layout,
                                pooled,
                                strides,
                                kernel,
                                square(0),
                                padding,
                                padding,
                                forward,
                                handles.attributes()));
    }

    private static long[] square(long value) {
        return new long[] {value, value};
    }

    @Override
    public void forward(Recorder recorder) {
        Program program = recorder.program();
        Buffer result = program.value(pooled);
        Program.Step step = program.step(output.name + " pool", forward)
                .with(dnnl.DNNL_ARG_SRC, input.data())
                .with(dnnl.DNNL_ARG_DST, result);
        if (maximum && input.trained) {
            workspace = program.value(recorder.handles().layout(forward, dnnl.dnnl_query_workspace_md));
            step.with(dnnl.DNNL_ARG_WORKSPACE, workspace);
        }
        output.setData(input.type == output.type ? result : program.reordered(output.name, result, output.layout));
    }

    @Override
    public void backward(Recorder recorder) {
        if (backward == null) {
            return;
        }
        Program program = recorder.program();
        Buffer given = input.type == output.type
                ? output.gradient()
                : program.reordered(output.name, output.gradient(), pooled);
        Buffer gradient = program.value(input.layout);
        Program.Step step = program.step(output.name + " pool gradient", backward)
                .with(dnnl.DNNL_ARG_DIFF_DST, given)
                .with(dnnl.DNNL_ARG_DIFF_SRC, gradient);
        if (workspace != null) {
            step.with(dnnl.DNNL_ARG_WORKSPACE, workspace);
        }
        recorder.contribute(input, gradient);
    }
}
