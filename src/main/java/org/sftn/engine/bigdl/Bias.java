package org.sftn.engine.bigdl;

import java.util.Arrays;
import java.util.List;

/**
 * The bias of a (transposed) convolution and its gradient.
 *
 * @param at where it begins among the parameters
 * @param keptAt the place of the gradient in what a worker keeps
 */
record Bias(Parameters of, int at, int keptAt) {
    /** Lets each channel of the worker's images start from its bias. */
    void fill(Worker worker, Value output) {
        int channels = output.shape.channels();
        int area = output.shape.height() * output.shape.width();
        for (int i = worker.from * channels; i < worker.to * channels; i++) {
            Arrays.fill(output.data, i * area, (i + 1) * area, of.values()[at + i % channels]);
        }
    }

    void addGradient(Worker worker, Value output) {
        int channels = output.shape.channels();
        int area = output.shape.height() * output.shape.width();
        for (int i = worker.from * channels; i < worker.to * channels; i++) {
            worker.kept[keptAt + i % channels] += (float) Loops.sum(output.gradient, i * area, (i + 1) * area);
        }
    }

    void collect(Worker worker, List<Worker> all, Value output) {
        int channels = output.shape.channels();
        int from = worker.share(channels, worker.index);
        int to = worker.share(channels, worker.index + 1);
        for (Worker each : all) {
            Loops.add(each.kept, keptAt + from, of.gradients(), at + from, to - from);
        }
    }
}
