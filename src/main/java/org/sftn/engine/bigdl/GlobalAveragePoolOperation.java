package org.sftn.engine.bigdl;

import java.util.Arrays;
import java.util.List;

/** The mean of each channel. */
record GlobalAveragePoolOperation(Value input, Value output) implements Operation {
    @Override
    public List<Value> inputs() {
        return List.of(input);
    }

    @Override
    public void forward(Worker worker) {
        int channels = output.shape.elements();
        int area = input.shape.elements() / channels;
        for (int i = worker.from * channels; i < worker.to * channels; i++) {
            output.data[i] = (float) (Loops.sum(input.data, i * area, (i + 1) * area) / area);
        }
    }

    @Override
    public void backward(Worker worker, List<Into> into) {
        int channels = output.shape.elements();
        int area = input.shape.elements() / channels;
        for (int i = worker.from * channels; i < worker.to * channels; i++) {
            float each = output.gradient[i] / area;
            if (into.get(0) == Into.OVERWRITE) {
                Arrays.fill(input.gradient, i * area, (i + 1) * area, each);
            } else {
                for (int j = i * area; j < (i + 1) * area; j++) {
                    input.gradient[j] += each;
                }
            }
        }
    }
}
