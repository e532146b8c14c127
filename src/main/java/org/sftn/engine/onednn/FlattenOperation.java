package org.sftn.engine.onednn;

import org.bytedeco.dnnl.dnnl_memory_desc;
import org.bytedeco.dnnl.global.dnnl;

/** A map as a vector: maps are channels last and vectors channels first, so its values are reordered, to fp32. */
final class FlattenOperation implements Operation {
    private final Value input;
    private final Value output;
    private final dnnl_memory_desc flat;

    FlattenOperation(Handles handles, Value input, Value output) {
        this.input = input;
        this.output = output;
        this.flat = handles.layout(output.type, dnnl.dnnl_abcd, input.dimensions());
    }

    @Override
    public void forward(Recorder recorder) {
        output.setData(recorder.program().value(output.layout));
        recorder.program().reorder(output.name + " flatten", input.data(), input.layout, output.data(), flat);
    }

    @Override
    public void backward(Recorder recorder) {
        if (!input.trained) {
            return;
        }
        Buffer gradient = recorder.program().value(input.layout);
        recorder.program().reorder(output.name + " flatten gradient", output.gradient(), flat, gradient, input.layout);
        recorder.contribute(input, gradient);
    }
}
