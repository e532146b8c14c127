package org.sftn.engine.onednn;

import org.bytedeco.dnnl.dnnl_primitive_desc;
import org.bytedeco.dnnl.global.dnnl;

/** A ReLU that no other operation has taken in. */
final class ReluOperation implements Operation {
    private final Value input;
    private final Value output;

    ReluOperation(Value input, Value output) {
        this.input = input;
        this.output = output;
    }

    private static dnnl_primitive_desc description(Handles handles, Value value, int algorithm) {
        return handles.description(
                "a relu",
                d -> dnnl.dnnl_eltwise_forward_primitive_desc_create(
                        d,
                        handles.library().engine(),
                        dnnl.dnnl_forward_training,
                        algorithm,
                        value.layout,
                        value.layout,
                        0,
                        0,
                        handles.attributes()));
    }

    @Override
    public void forward(Recorder recorder) {
        output.data = recorder.program().value(output.layout);
        recorder.program()
                .step(output.name + " relu", description(recorder.handles(), output, dnnl.dnnl_eltwise_relu))
                .with(dnnl.DNNL_ARG_SRC, input.data)
                .in(dnnl.DNNL_ARG_DST, output.data, input.data);
    }

    @Override
    public void backward(Recorder recorder) {
        if (!input.trained) {
            return;
        }
        recorder.contribute(input, gradient(recorder, output, output.data, output.gradient));
    }

    /**
     * Records the gradient of what goes into a ReLU.
     *
     * @param data what comes out of it
     * @param gradient of what comes out
     */
    static Buffer gradient(Recorder recorder, Value value, Buffer data, Buffer gradient) {
        Handles handles = recorder.handles();
        Buffer result = recorder.program().value(value.layout);
        dnnl_primitive_desc description = handles.description(
                "a relu's gradient",
                d -> dnnl.dnnl_eltwise_backward_primitive_desc_create(
                        d,
                        handles.library().engine(),
                        dnnl.dnnl_eltwise_relu_use_dst_for_bwd,
                        value.layout,
                        value.layout,
                        value.layout,
                        0,
                        0,
                        description(handles, value, dnnl.dnnl_eltwise_relu_use_dst_for_bwd),
                        handles.attributes()));
        recorder.program()
                .step(value.name + " relu gradient", description)
                .with(dnnl.DNNL_ARG_DST, data)
                .with(dnnl.DNNL_ARG_DIFF_DST, gradient)
                .in(dnnl.DNNL_ARG_DIFF_SRC, result, gradient);
        return result;
    }
}
