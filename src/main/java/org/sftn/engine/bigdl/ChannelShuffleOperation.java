package org.sftn.engine.bigdl;

import java.util.List;

/** The channels of some groups, one of each group in turns. */
record ChannelShuffleOperation(Value input, Value output, int groups) implements Operation {
    @Override
    public List<Value> inputs() {
        return List.of(input);
    }

    /** Where the channel that comes to a place of the output is in the input, both counted through all images. */
    private int source(int map) {
        int channels = output.shape.channels();
        int channel = map % channels;
        return map - channel + channel % groups * (channels / groups) + channel / groups;
    }

    @Override
    public void forward(Worker worker) {
        int area = output.shape.height() * output.shape.width();
        for (int map = worker.from * output.shape.channels(); map < worker.to * output.shape.channels(); map++) {
            System.arraycopy(input.data, source(map) * area, output.data, map * area, area);
        }
    }

    @Override
    public void backward(Worker worker, List<Into> into) {
        int area = output.shape.height() * output.shape.width();
        for (int map = worker.from * output.shape.channels(); map < worker.to * output.shape.channels(); map++) {
            into.get(0).put(output.gradient, map * area, input.gradient, source(map) * area, area);
        }
    }
}
