package org.sftn.engine.onednn;

import org.bytedeco.dnnl.dnnl_primitive_desc;
import org.bytedeco.dnnl.global.dnnl;

/** An activation that no other operation has taken in. */
final class ActivationOperation implements Operation {
    private final Activation activation;
    private final Value input;
    private final Value output;

    ActivationOperation(Activation activation, Value input, Value output) {
        this.activation = activation;
        this.input = input;
        this.output = output;
    }

    private static dnnl_primitive_desc description(Handles handles, Activation activation, Value value, int algorithm) {
        return handles.description(
                "a " + activation.name(),
                d -> dnnl.dnnl_eltwise_forward_primitive_desc_create(
                        d,
                        handles.library().engine(),
                        dnnl.dnnl_forward_training,
                        algorithm,
                        value.layout,
                        value.layout,
                        activation.alpha(),
                        activation.beta(),
                        handles.attributes()));
    }

    @Override
    public void forward(Recorder recorder) {
        output.setData(recorder.program().value(output.layout));
        recorder.program()
                .step(
                        output.name + " " + activation.name(),
                        description(recorder.handles(), activation, output, activation.algorithm()))
                .with(dnnl.DNNL_ARG_SRC, input.data())
                .in(dnnl.DNNL_ARG_DST, output.data(), input.data());
    }

    @Override
    public void backward(Recorder recorder) {
        if (!input.trained) {
            return;
        }
        recorder.contribute(input, gradient(recorder, activation, output, output.data(), output.gradient()));
    }

    /**
     * Records the gradient of what goes into an activation.
     *
     * @param data what comes out of it
     * @param gradient of what comes out
     */
    static Buffer gradient(Recorder recorder, Activation activation, Value value, Buffer data, Buffer gradient) {
        Handles handles = recorder.handles();
        Buffer result = recorder.program().value(value.layout);
        dnnl_primitive_desc description = handles.description(
                "the gradient of a " + activation.name(),
                d -> dnnl.dnnl_eltwise_backward_primitive_desc_create(
                        d,
                        handles.library().engine(),
                        activation.backward(),
                        value.layout,
                        value.layout,
                        value.layout,
                        activation.alpha(),
                        activation.beta(),
                        description(handles, activation, value, activation.backward()),
                        handles.attributes()));
        recorder.program()
                .step(value.name + " " + activation.name() + " gradient", description)
                .with(dnnl.DNNL_ARG_DST, data)
                .with(dnnl.DNNL_ARG_DIFF_DST, gradient)
                .in(dnnl.DNNL_ARG_DIFF_SRC, result, gradient);
        return result;
    }
}
