package org.sftn.engine.onednn;

import java.util.List;

/** The channels of several maps, one map after another. */
final class ConcatOperation implements Operation {
    private final List<Value> inputs;
    private final Value output;

    ConcatOperation(List<Value> inputs, Value output) {
        this.inputs = inputs;
        this.output = output;
    }

    @Override
    public void forward(Recorder recorder) {
        List<Buffer> parts = inputs.stream().map(input -> input.data()).toList();
        output.setData(recorder.program().concatenated(output.name, parts, output.layout));
    }

    @Override
    public void backward(Recorder recorder) {
        int from = 0;
        for (Value input : inputs) {
            if (input.trained) {
                recorder.contribute(input, recorder.program().channels(output.name, output.gradient(), from, input));
            }
            from += input.channels();
        }
    }
}
