package org.sftn.engine.onednn;

import org.bytedeco.dnnl.dnnl_primitive_desc;
import org.bytedeco.dnnl.global.dnnl;
import org.jspecify.annotations.Nullable;

/** A transposed convolution in inference. */
final class InferenceTransposedConvolutionOperation implements Operation {
    private final ConvolutionKernel kernel;
    private final Value input;
    private final Value output;
    private final String weight;
    private final @Nullable Bias bias;

    /**
     * @param weight the parameter's full name
     * @param bias null for none
     */
    InferenceTransposedConvolutionOperation(
            ConvolutionKernel kernel, Value input, Value output, String weight, @Nullable Bias bias) {
        this.kernel = kernel;
        this.input = input;
        this.output = output;
        this.weight = weight;
        this.bias = bias;
    }

    @Override
    public void forward(Recorder recorder) {
        Handles handles = recorder.handles();
        dnnl_primitive_desc description = kernel.backwardData(handles);
        output.setData(recorder.program().value(output.layout));
        recorder.program()
                .step(output.name + " transposed convolution", description)
                .with(dnnl.DNNL_ARG_DIFF_DST, input.data())
                .with(
                        dnnl.DNNL_ARG_WEIGHTS,
                        recorder.constant(
                                handles.layout(description, dnnl.dnnl_query_weights_md),
                                kernel.canonical(handles),
                                values -> values.get(weight).values()))
                .with(dnnl.DNNL_ARG_DIFF_SRC, output.data());
        if (bias != null) {
            output.setData(bias.added(recorder, output, output.data()));
        }
    }
}
