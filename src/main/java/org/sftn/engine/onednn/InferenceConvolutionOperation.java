package org.sftn.engine.onednn;

import java.util.Map;
import org.bytedeco.dnnl.dnnl_memory_desc;
import org.bytedeco.dnnl.dnnl_post_ops;
import org.bytedeco.dnnl.dnnl_primitive_desc;
import org.bytedeco.dnnl.global.dnnl;
import org.jspecify.annotations.Nullable;
import org.sftn.nn.Tensor;

/** A convolution in inference with what follows it: batch-norm, folded into the weights; a sum with another value; an activation. */
final class InferenceConvolutionOperation implements Operation {
    private final ConvolutionKernel kernel;
    private final Value input;
    private final Value output;
    private final String weight;
    private final @Nullable String bias;
    private final @Nullable InferenceBatchNorm norm;
    private final @Nullable Value added;
    private final @Nullable Activation activation;

    /**
     * @param weight the parameter's full name
     * @param bias likewise; null for none
     * @param norm null for none
     * @param added null for none
     * @param activation null for none
     */
    InferenceConvolutionOperation(
            ConvolutionKernel kernel,
            Value input,
            Value output,
            String weight,
            @Nullable String bias,
            @Nullable InferenceBatchNorm norm,
            @Nullable Value added,
            @Nullable Activation activation) {
        this.kernel = kernel;
        this.input = input;
        this.output = output;
        this.weight = weight;
        this.bias = bias;
        this.norm = norm;
        this.added = added;
        this.activation = activation;
    }

    @Override
    public void forward(Recorder recorder) {
        Handles handles = recorder.handles();
        dnnl_memory_desc shift =
                bias == null && norm == null ? null : handles.layout(Type.F32, dnnl.dnnl_a, kernel.out());
        dnnl_post_ops after = handles.after();
        if (added != null) {
            Library.check(
                    "describe a primitive",
                    dnnl.dnnl_post_ops_append_binary(after, dnnl.dnnl_binary_add, added.layout));
        }
        if (activation != null) {
            activation.append(after);
        }
        dnnl_primitive_desc description =
                kernel.forward(handles, dnnl.dnnl_forward_inference, shift, handles.attributes(after));
        output.setData(recorder.program().value(output.layout));
        Program.Step step = recorder.program()
                .step(output.name + " convolution", description)
                .with(dnnl.DNNL_ARG_SRC, input.data())
                .with(
                        dnnl.DNNL_ARG_WEIGHTS,
                        recorder.constant(
                                handles.layout(description, dnnl.dnnl_query_weights_md),
                                kernel.canonical(handles),
                                this::weights))
                .with(dnnl.DNNL_ARG_DST, output.data());
        if (shift != null) {
            step.with(dnnl.DNNL_ARG_BIAS, recorder.constant(shift, shift, this::shift));
        }
        if (added != null) {
            step.with(dnnl.DNNL_ARG_ATTR_MULTIPLE_POST_OP_BASE | dnnl.DNNL_ARG_SRC_1, added.data());
        }
    }

    private float[] weights(Map<String, Tensor> values) {
        float[] weights = values.get(weight).values().clone();
        if (norm != null) {
            float[] scale = norm.scale(values);
            int each = weights.length / scale.length;
            for (int i = 0; i < weights.length; i++) {
                weights[i] *= scale[i / each];
            }
        }
        return weights;
    }

    private float[] shift(Map<String, Tensor> values) {
        if (norm == null) {
            return values.get(bias).values();
        }
        float[] shift = norm.shift(values);
        if (bias != null) {
            float[] scale = norm.scale(values);
            float[] biases = values.get(bias).values();
            for (int c = 0; c < shift.length; c++) {
                shift[c] += scale[c] * biases[c];
            }
        }
        return shift;
    }
}
