package org.sftn.engine.onednn;

import java.util.List;
import org.bytedeco.dnnl.dnnl_post_ops;
import org.bytedeco.dnnl.dnnl_primitive_attr;
import org.bytedeco.dnnl.global.dnnl;

/** A sum of two or more values, with the ReLU that follows it, if one does. */
final class AddOperation implements Operation {
    private final List<Value> inputs;
    private final Value output;
    private final boolean relu;

    AddOperation(List<Value> inputs, Value output, boolean relu) {
        this.inputs = inputs;
        this.output = output;
        this.relu = relu;
    }

    @Override
    public void forward(Recorder recorder) {
        Buffer sum = inputs.get(0).data();
        for (int i = 1; i < inputs.size(); i++) {
            sum = sum(recorder, sum, inputs.get(i).data(), relu && i == inputs.size() - 1);
        }
        output.setData(sum);
    }

    private Buffer sum(Recorder recorder, Buffer one, Buffer other, boolean rectified) {
        Handles handles = recorder.handles();
        Buffer sum = recorder.program().value(output.layout);
        dnnl_primitive_attr attributes = handles.attributes();
        if (rectified) {
            dnnl_post_ops after = handles.after();
            Activation.RELU.append(after);
            attributes = handles.attributes(after);
        }
        dnnl_primitive_attr chosen = attributes;
        recorder.program()
                .step(
                        output.name + (rectified ? " add + relu" : " add"),
                        handles.description(
                                "a sum",
                                d -> dnnl.dnnl_binary_primitive_desc_create(
                                        d,
                                        handles.library().engine(),
                                        dnnl.dnnl_binary_add,
                                        output.layout,
                                        output.layout,
                                        output.layout,
                                        chosen)))
                .with(dnnl.DNNL_ARG_SRC_0, one)
                .with(dnnl.DNNL_ARG_SRC_1, other)
                .in(dnnl.DNNL_ARG_DST, sum, one, other);
        return sum;
    }

    @Override
    public void backward(Recorder recorder) {
        if (!output.trained) {
            return;
        }
        Buffer gradient = relu
                ? ActivationOperation.gradient(recorder, Activation.RELU, output, output.data(), output.gradient())
                : output.gradient();
        // All inputs have the same gradient: they share its memory until one of them is added to.
        inputs.forEach(input -> recorder.contribute(input, gradient));
    }
}
