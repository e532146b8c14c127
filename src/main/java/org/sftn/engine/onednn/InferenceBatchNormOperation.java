package org.sftn.engine.onednn;

import org.bytedeco.dnnl.dnnl_memory_desc;
import org.bytedeco.dnnl.dnnl_primitive_desc;
import org.bytedeco.dnnl.global.dnnl;

/** Batch-norm in inference that no convolution has taken in, with the ReLU that follows it, if one does. */
final class InferenceBatchNormOperation implements Operation {
    private final InferenceBatchNorm norm;
    private final Value input;
    private final Value output;
    private final boolean relu;

    InferenceBatchNormOperation(InferenceBatchNorm norm, Value input, Value output, boolean relu) {
        this.norm = norm;
        this.input = input;
        this.output = output;
        this.relu = relu;
    }

    @Override
    public void forward(Recorder recorder) {
        Handles handles = recorder.handles();
        int flags = dnnl.dnnl_use_global_stats
                | dnnl.dnnl_use_scale
                | dnnl.dnnl_use_shift
                | (relu ? dnnl.dnnl_fuse_norm_relu : 0);
        dnnl_primitive_desc description = handles.description(
                "batch-norm",
                d -> dnnl.dnnl_batch_normalization_forward_primitive_desc_create(
                        d,
                        handles.library().engine(),
                        dnnl.dnnl_forward_inference,
                        input.layout,
                        output.layout,
                        (float) norm.layer().epsilon(),
                        flags,
                        handles.attributes()));
        output.setData(recorder.program().value(output.layout));
        recorder.program()
                .step(output.name + (relu ? " batch-norm + relu" : " batch-norm"), description)
                .with(dnnl.DNNL_ARG_SRC, input.data())
                .with(dnnl.DNNL_ARG_MEAN, constant(recorder, "running_mean"))
                .with(dnnl.DNNL_ARG_VARIANCE, constant(recorder, "running_var"))
                .with(dnnl.DNNL_ARG_SCALE, constant(recorder, "weight"))
                .with(dnnl.DNNL_ARG_SHIFT, constant(recorder, "bias"))
                .in(dnnl.DNNL_ARG_DST, output.data(), input.data());
    }

    private Buffer constant(Recorder recorder, String name) {
        dnnl_memory_desc layout =
                recorder.handles().layout(Type.F32, dnnl.dnnl_a, norm.layer().channels());
        return recorder.constant(
                layout, layout, values -> values.get(norm.owner() + "." + name).values());
    }
}
