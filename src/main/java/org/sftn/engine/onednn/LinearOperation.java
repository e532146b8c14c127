package org.sftn.engine.onednn;

import org.bytedeco.dnnl.dnnl_memory_desc;
import org.bytedeco.dnnl.dnnl_primitive_desc;
import org.bytedeco.dnnl.global.dnnl;
import org.sftn.nn.Linear;

/** A linear layer, fp32 whatever the precision. */
final class LinearOperation implements Operation {
    private final Value input;
    private final Value output;
    private final String owner;
    private final dnnl_memory_desc source;
    private final dnnl_memory_desc weight;
    private final dnnl_memory_desc bias;
    private final dnnl_memory_desc target;
    private final dnnl_primitive_desc forward;

    /** @param owner the node whose parameters it uses */
    LinearOperation(Handles handles, Linear layer, Value input, Value output, String owner) {
        this.input = input;
        this.output = output;
        this.owner = owner;
        this.source = handles.layout(Type.F32, dnnl.dnnl_ab, input.batch, layer.in());
        this.weight = handles.layout(Type.F32, dnnl.dnnl_ab, layer.out(), layer.in());
        this.bias = handles.layout(Type.F32, dnnl.dnnl_a, layer.out());
        this.target = handles.layout(Type.F32, dnnl.dnnl_ab, input.batch, layer.out());
        this.forward = handles.description(
                "a linear layer",
                d -> dnnl.dnnl_inner_product_forward_primitive_desc_create(
                        d,
                        handles.library().engine(),
                        dnnl.dnnl_forward_training,
                        source,
                        weight,
                        bias,
                        target,
                        handles.attributes()));
    }

    private Buffer parameter(Recorder recorder, String name, dnnl_memory_desc layout) {
        return recorder.isTraining()
                ? recorder.parameter(name)
                : recorder.constant(layout, layout, values -> values.get(name).values());
    }

    @Override
    public void forward(Recorder recorder) {
        output.setData(recorder.program().value(output.layout));
        recorder.program()
                .step(output.name + " linear", forward)
                .with(dnnl.DNNL_ARG_SRC, input.data(), source)
                .with(dnnl.DNNL_ARG_WEIGHTS, parameter(recorder, owner + ".weight", weight))
                .with(dnnl.DNNL_ARG_BIAS, parameter(recorder, owner + ".bias", bias))
                .with(dnnl.DNNL_ARG_DST, output.data(), target);
    }

    @Override
    public void backward(Recorder recorder) {
        Handles handles = recorder.handles();
        Program program = recorder.program();
        dnnl_primitive_desc weights = handles.description(
                "a linear layer's gradient of its weights",
                d -> dnnl.dnnl_inner_product_backward_weights_primitive_desc_create(
                        d, handles.library().engine(), source, weight, bias, target, forward, handles.attributes()));
        recorder.gradient(
                owner + ".weight",
                weight,
                ofWeight -> recorder.gradient(
                        owner + ".bias",
                        bias,
                        ofBias -> program.step(output.name + " linear weight gradient", weights)
                                .with(dnnl.DNNL_ARG_SRC, input.data(), source)
                                .with(dnnl.DNNL_ARG_DIFF_DST, output.gradient(), target)
                                .with(dnnl.DNNL_ARG_DIFF_WEIGHTS, ofWeight)
                                .with(dnnl.DNNL_ARG_DIFF_BIAS, ofBias)));
        if (input.trained) {
            Buffer gradient = program.value(input.layout);
            dnnl_primitive_desc data = handles.description(
                    "a linear layer's gradient of its input",
                    d -> dnnl.dnnl_inner_product_backward_data_primitive_desc_create(
                            d, handles.library().engine(), source, weight, target, forward, handles.attributes()));
            program.step(output.name + " linear gradient", data)
                    .with(dnnl.DNNL_ARG_DIFF_DST, output.gradient(), target)
                    .with(dnnl.DNNL_ARG_WEIGHTS, recorder.parameter(owner + ".weight"))
                    .with(dnnl.DNNL_ARG_DIFF_SRC, gradient, source);
            recorder.contribute(input, gradient);
        }
    }
}
