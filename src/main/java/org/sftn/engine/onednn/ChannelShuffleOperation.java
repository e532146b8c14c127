package org.sftn.engine.onednn;

import org.bytedeco.dnnl.dnnl_memory_desc;

/**
 * The channels of some groups, one of each group in turns: each pixel's are a matrix that is transposed. oneDNN's own primitive takes
 * up to twice as long as its reorder.
 */
final class ChannelShuffleOperation implements Operation {
    private final Value input;
    private final Value output;
    private final dnnl_memory_desc grouped;
    private final dnnl_memory_desc shuffled;

    ChannelShuffleOperation(Handles handles, int groups, Value input, Value output) {
        this.input = input;
        this.output = output;
        long channels = input.channels();
        long each = channels / groups;
        long[] dimensions = {(long) input.batch * input.height() * input.width(), groups, each};
        this.grouped = handles.layout(input.type, dimensions, new long[] {channels, each, 1});
        this.shuffled = handles.layout(input.type, dimensions, new long[] {channels, 1, groups});
    }

    @Override
    public void forward(Recorder recorder) {
        output.setData(recorder.program().value(output.layout));
        recorder.program().reorder(output.name + " shuffle", input.data(), grouped, output.data(), shuffled);
    }

    @Override
    public void backward(Recorder recorder) {
        if (!input.trained) {
            return;
        }
        Buffer gradient = recorder.program().value(input.layout);
        recorder.program().reorder(output.name + " shuffle gradient", output.gradient(), shuffled, gradient, grouped);
        recorder.contribute(input, gradient);
    }
}
