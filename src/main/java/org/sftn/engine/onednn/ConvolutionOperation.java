package org.sftn.engine.onednn;

import java.util.Map;
import org.bytedeco.dnnl.dnnl_primitive_desc;
import org.bytedeco.dnnl.global.dnnl;

/** A convolution in training, or a transposed one. */
final class ConvolutionOperation implements Operation {
    private final Value input;
    private final Value output;
    private final String weight;
    private final boolean transposed;
    private final ConvolutionKernel kernel;
    private final dnnl_primitive_desc toTarget;
    private final dnnl_primitive_desc toSource;
    private final WeightGradient weightGradient;

    /** @param weight the parameter's full name */
    static ConvolutionOperation of(
            Handles handles, org.sftn.nn.Convolution c, Value input, Value output, String weight) {
        ConvolutionKernel kernel = ConvolutionKernel.of(input, output, c.kernel(), c.stride(), c.padding(), c.groups());
        return new ConvolutionOperation(handles, kernel, input, output, weight, false);
    }

    static ConvolutionOperation of(
            Handles handles, org.sftn.nn.TransposedConvolution c, Value input, Value output, String weight) {
        ConvolutionKernel kernel = ConvolutionKernel.of(output, input, c.kernel(), c.stride(), c.padding(), 1);
        return new ConvolutionOperation(handles, kernel, input, output, weight, true);
    }

    private ConvolutionOperation(
            Handles handles, ConvolutionKernel kernel, Value input, Value output, String weight, boolean transposed) {
        this.input = input;
        this.output = output;
        this.weight = weight;
        this.transposed = transposed;
        this.kernel = kernel;
        this.toTarget = kernel.forward(handles, dnnl.dnnl_forward_training, null, handles.attributes());
        this.toSource = kernel.backwardData(handles);
        this.weightGradient = WeightGradient.fastest(handles, kernel);
    }

    /** Asks for the weights in the layout in which their gradient comes out. */
    void propose(Handles handles, Map<String, Parameters.Layouts> layouts) {
        layouts.putIfAbsent(weight, new Parameters.Layouts(kernel.canonical(handles), weightGradient.layout()));
    }

    @Override
    public void forward(Recorder recorder) {
        output.data = recorder.program().value(output.layout);
        record(recorder, transposed, input.data, output.data, output.name);
    }

    private void record(Recorder recorder, boolean up, Buffer from, Buffer to, String name) {
        Handles handles = recorder.handles();
        dnnl_primitive_desc description = up ? toSource : toTarget;
        Buffer weights = recorder.weight(weight, handles.layout(description, dnnl.dnnl_query_weights_md));
        recorder.program()
                .step(name + (up ? " backward data" : " convolution"), description)
                .with(up ? dnnl.DNNL_ARG_DIFF_DST : dnnl.DNNL_ARG_SRC, from)
                .with(dnnl.DNNL_ARG_WEIGHTS, weights)
                .with(up ? dnnl.DNNL_ARG_DIFF_SRC : dnnl.DNNL_ARG_DST, to);
    }

    @Override
    public void backward(Recorder recorder) {
        Buffer source = transposed ? output.gradient : input.data;
        Buffer target = transposed ? input.data : output.gradient;
        recorder.gradient(
                weight,
                weightGradient.layout(),
                into -> weightGradient.record(output.name, recorder.program(), source, target, into));
        if (input.trained) {
            Buffer gradient = recorder.program().value(input.layout);
            record(recorder, !transposed, output.gradient, gradient, output.name);
            recorder.contribute(input, gradient);
        }
    }
}
