package org.sftn.engine.onednn;

import java.util.Map;
import java.util.Optional;
import org.bytedeco.dnnl.dnnl_memory_desc;
import org.bytedeco.dnnl.dnnl_primitive_desc;
import org.bytedeco.dnnl.global.dnnl;
import org.jspecify.annotations.Nullable;

/** A convolution in training, or a transposed one. */
final class ConvolutionOperation implements Operation {
    private final Value input;
    private final Value output;
    private final String weight;
    /** Null for none. */
    private final @Nullable Bias bias;

    private final boolean transposed;
    private final ConvolutionKernel kernel;
    private final dnnl_primitive_desc toTarget;
    private final dnnl_primitive_desc toSource;
    private final WeightGradient weightGradient;

    /** @param owner the node whose parameters it uses */
    static ConvolutionOperation of(
            Handles handles, org.sftn.nn.Convolution c, Value input, Value output, String owner) {
        ConvolutionKernel kernel = ConvolutionKernel.of(input, output, c.kernel(), c.stride(), c.padding(), c.groups());
        return new ConvolutionOperation(handles, kernel, input, output, owner, c.bias(), false);
    }

    static ConvolutionOperation of(
            Handles handles, org.sftn.nn.TransposedConvolution c, Value input, Value output, String owner) {
        ConvolutionKernel kernel = ConvolutionKernel.of(output, input, c.kernel(), c.stride(), c.padding(), 1);
        return new ConvolutionOperation(handles, kernel, input, output, owner, c.bias(), true);
    }

    private ConvolutionOperation(
            Handles handles,
            ConvolutionKernel kernel,
            Value input,
            Value output,
            String owner,
            boolean biased,
            boolean transposed) {
        this.input = input;
        this.output = output;
        this.weight = owner + ".weight";
        Bias bias = biased ? new Bias(owner + ".bias", output.channels()) : null;
        this.bias = bias;
        this.transposed = transposed;
        this.kernel = kernel;
        dnnl_memory_desc added = bias != null && !transposed ? bias.layout(handles) : null;
        this.toTarget = kernel.forward(handles, dnnl.dnnl_forward_training, added, handles.attributes());
        this.toSource = kernel.backwardData(handles);
        this.weightGradient = WeightGradient.fastest(handles, kernel);
    }

    /** Asks for the weights in the layout in which their gradient comes out. */
    void propose(Handles handles, Map<String, Parameters.Layouts> layouts) {
        layouts.putIfAbsent(weight, new Parameters.Layouts(kernel.canonical(handles), weightGradient.layout()));
    }

    /** The weight, when it is rounded before it is used. */
    Optional<String> rounded() {
        return kernel.type() == Type.F32 ? Optional.empty() : Optional.of(weight);
    }

    @Override
    public void forward(Recorder recorder) {
        output.setData(recorder.program().value(output.layout));
        Program.Step step = record(recorder, transposed, input.data(), output.data(), output.name);
        if (bias != null && transposed) {
            output.setData(bias.added(recorder, output, output.data()));
        } else if (bias != null) {
            step.with(dnnl.DNNL_ARG_BIAS, bias.value(recorder));
        }
    }

    private Program.Step record(Recorder recorder, boolean up, Buffer from, Buffer to, String name) {
        Handles handles = recorder.handles();
        dnnl_primitive_desc description = up ? toSource : toTarget;
        Buffer weights = recorder.weight(weight, handles.layout(description, dnnl.dnnl_query_weights_md));
        return recorder.program()
                .step(name + (up ? " backward data" : " convolution"), description)
                .with(up ? dnnl.DNNL_ARG_DIFF_DST : dnnl.DNNL_ARG_SRC, from)
                .with(dnnl.DNNL_ARG_WEIGHTS, weights)
                .with(up ? dnnl.DNNL_ARG_DIFF_SRC : dnnl.DNNL_ARG_DST, to);
    }

    @Override
    public void backward(Recorder recorder) {
        if (bias != null) {
            bias.gradient(recorder, output);
        }
        Buffer source = transposed ? output.gradient() : input.data();
        Buffer target = transposed ? input.data() : output.gradient();
        recorder.gradient(
                weight,
                weightGradient.layout(),
                into -> weightGradient.record(output.name, recorder.program(), source, target, into));
        if (input.trained) {
            Buffer gradient = recorder.program().value(input.layout);
            record(recorder, !transposed, output.gradient(), gradient, output.name);
            recorder.contribute(input, gradient);
        }
    }
}
