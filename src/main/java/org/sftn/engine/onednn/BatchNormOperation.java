package org.sftn.engine.onednn;

import java.util.Locale;
import java.util.Objects;
import org.bytedeco.dnnl.dnnl_memory_desc;
import org.bytedeco.dnnl.dnnl_primitive_desc;
import org.bytedeco.dnnl.global.dnnl;
import org.jspecify.annotations.Nullable;
import org.sftn.nn.BatchNorm;

/** Batch-norm in training, with the ReLU that follows it, if one does. */
final class BatchNormOperation implements Operation {
    private final BatchNorm layer;
    private final Value input;
    private final Value output;
    private final String owner;
    private final boolean relu;
    private final dnnl_primitive_desc forward;
    private final dnnl_primitive_desc backward;
    /** Null until the forward pass is recorded. */
    private Recorder.@Nullable BatchStatistics statistics;
    /** Likewise, and without a ReLU. */
    private @Nullable Buffer workspace;

    /** @param owner the node whose parameters it uses */
    BatchNormOperation(Handles handles, BatchNorm layer, Value input, Value output, String owner, boolean relu) {
        this.layer = layer;
        this.input = input;
        this.output = output;
        this.owner = owner;
        this.relu = relu;
        if (count() < 2) {
            throw new IllegalArgumentException(String.format(
                    Locale.ROOT,
                    "%s: batch-norm cannot train on one value per channel (a batch of %d of %s)",
                    owner,
                    input.batch,
                    input.shape));
        }
        int flags = dnnl.dnnl_use_scale | dnnl.dnnl_use_shift | (relu ? dnnl.dnnl_fuse_norm_relu : 0);
        this.forward = handles.description(
                "batch-norm",
                d -> dnnl.dnnl_batch_normalization_forward_primitive_desc_create(
                        d,
                        handles.library().engine(),
                        dnnl.dnnl_forward_training,
                        input.layout,
                        output.layout,
                        (float) layer.epsilon(),
                        flags,
                        handles.attributes()));
        this.backward = handles.description(
                "batch-norm's gradient",
                d -> dnnl.dnnl_batch_normalization_backward_primitive_desc_create(
                        d,
                        handles.library().engine(),
                        dnnl.dnnl_backward,
                        input.layout,
                        output.layout,
                        input.layout,
                        (float) layer.epsilon(),
                        flags,
                        forward,
                        handles.attributes()));
    }

    private int count() {
        return input.batch * input.height() * input.width();
    }

    @Override
    public void forward(Recorder recorder) {
        Handles handles = recorder.handles();
        Program program = recorder.program();
        dnnl_memory_desc channels = handles.layout(Type.F32, dnnl.dnnl_a, layer.channels());
        Buffer mean = program.kept(channels);
        Buffer variance = program.kept(channels);
        statistics = new Recorder.BatchStatistics(mean, variance, owner, layer.momentum(), count());
        recorder.keep(statistics);
        output.setData(program.value(output.layout));
        Program.Step step = program.step(output.name + (relu ? " batch-norm + relu" : " batch-norm"), forward)
                .with(dnnl.DNNL_ARG_SRC, input.data())
                .with(dnnl.DNNL_ARG_MEAN, mean)
                .with(dnnl.DNNL_ARG_VARIANCE, variance)
                .with(dnnl.DNNL_ARG_SCALE, recorder.parameter(owner + ".weight"))
                .with(dnnl.DNNL_ARG_SHIFT, recorder.parameter(owner + ".bias"))
                .with(dnnl.DNNL_ARG_DST, output.data());
        if (relu) {
            workspace = program.value(handles.layout(forward, dnnl.dnnl_query_workspace_md));
            step.with(dnnl.DNNL_ARG_WORKSPACE, workspace);
        }
    }

    @Override
    public void backward(Recorder recorder) {
        Program program = recorder.program();
        Recorder.BatchStatistics batch = Objects.requireNonNull(statistics);
        Buffer gradient = program.value(input.layout);
        dnnl_memory_desc channels = recorder.handles().layout(Type.F32, dnnl.dnnl_a, layer.channels());
        recorder.gradient(
                owner + ".weight",
                channels,
                scale -> recorder.gradient(owner + ".bias", channels, shift -> {
                    Program.Step step = program.step(output.name + " batch-norm gradient", backward)
                            .with(dnnl.DNNL_ARG_SRC, input.data())
                            .with(dnnl.DNNL_ARG_MEAN, batch.mean())
                            .with(dnnl.DNNL_ARG_VARIANCE, batch.variance())
                            .with(dnnl.DNNL_ARG_SCALE, recorder.parameter(owner + ".weight"))
                            .with(dnnl.DNNL_ARG_DIFF_DST, output.gradient())
                            .with(dnnl.DNNL_ARG_DIFF_SCALE, scale)
                            .with(dnnl.DNNL_ARG_DIFF_SHIFT, shift)
                            .in(dnnl.DNNL_ARG_DIFF_SRC, gradient, output.gradient());
                    if (workspace != null) {
                        step.with(dnnl.DNNL_ARG_WORKSPACE, workspace);
                    }
                }));
        recorder.contribute(input, gradient);
    }
}
