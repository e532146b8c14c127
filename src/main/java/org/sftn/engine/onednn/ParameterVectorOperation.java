package org.sftn.engine.onednn;

import org.bytedeco.dnnl.dnnl_memory_desc;
import org.bytedeco.dnnl.global.dnnl;

/** A parameter, for each image. It is resampled from one pixel to as many as there are images: channels last, these are its rows. */
final class ParameterVectorOperation implements Operation {
    private final Value output;
    private final String weight;
    private final dnnl_memory_desc vector;
    private final Resampling resampling;

    /** @param weight the parameter's full name */
    ParameterVectorOperation(Handles handles, Value output, String weight) {
        this.output = output;
        this.weight = weight;
        this.vector = handles.layout(Type.F32, dnnl.dnnl_a, output.channels());
        this.resampling = new Resampling(
                handles.layout(Type.F32, dnnl.dnnl_acdb, 1, output.channels(), 1, 1),
                handles.layout(Type.F32, dnnl.dnnl_acdb, 1, output.channels(), output.batch, 1));
    }

    @Override
    public void forward(Recorder recorder) {
        Buffer parameter = recorder.isTraining()
                ? recorder.parameter(weight)
                : recorder.constant(vector, vector, values -> values.get(weight).values());
        output.setData(recorder.program().value(output.layout));
        recorder.program()
                .step(output.name + " repetition", resampling.forward(recorder.handles()))
                .with(dnnl.DNNL_ARG_SRC, parameter, resampling.source())
                .with(dnnl.DNNL_ARG_DST, output.data(), resampling.target());
    }

    @Override
    public void backward(Recorder recorder) {
        recorder.gradient(
                weight,
                vector,
                into -> recorder.program()
                        .step(output.name + " repetition gradient", resampling.backward(recorder.handles()))
                        .with(dnnl.DNNL_ARG_DIFF_DST, output.gradient(), resampling.target())
                        .with(dnnl.DNNL_ARG_DIFF_SRC, into, resampling.source()));
    }
}
