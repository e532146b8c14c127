package org.sftn.engine.onednn;

import org.bytedeco.dnnl.global.dnnl;

/** Every pixel repeated in both directions. */
final class UpsampleOperation implements Operation {
    private final Value input;
    private final Value output;
    private final Resampling resampling;

    UpsampleOperation(Value input, Value output) {
        this.input = input;
        this.output = output;
        this.resampling = new Resampling(input.layout, output.layout);
    }

    @Override
    public void forward(Recorder recorder) {
        output.setData(recorder.program().value(output.layout));
        recorder.program()
                .step(output.name + " upsample", resampling.forward(recorder.handles()))
                .with(dnnl.DNNL_ARG_SRC, input.data())
                .with(dnnl.DNNL_ARG_DST, output.data());
    }

    @Override
    public void backward(Recorder recorder) {
        if (!input.trained) {
            return;
        }
        Buffer gradient = recorder.program().value(input.layout);
        recorder.program()
                .step(output.name + " upsample gradient", resampling.backward(recorder.handles()))
                .with(dnnl.DNNL_ARG_DIFF_DST, output.gradient())
                .with(dnnl.DNNL_ARG_DIFF_SRC, gradient);
        recorder.contribute(input, gradient);
    }
}
