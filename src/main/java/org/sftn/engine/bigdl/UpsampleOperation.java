package org.sftn.engine.bigdl;

import java.util.Arrays;
import java.util.List;

/** Every pixel repeated in both directions. */
record UpsampleOperation(Value input, Value output, int factor) implements Operation {
    @Override
    public List<Value> inputs() {
        return List.of(input);
    }

    @Override
    public void forward(Worker worker) {
        int width = output.shape.width();
        int rows = output.shape.channels() * output.shape.height();
        for (int row = worker.from * rows; row < worker.to * rows; row++) {
            int from = row / factor * (width / factor);
            for (int x = 0; x < width; x++) {
                output.data[row * width + x] = input.data[from + x / factor];
            }
        }
    }

    @Override
    public void backward(Worker worker, List<Into> into) {
        if (into.get(0) == Into.OVERWRITE) {
            int length = input.shape.elements();
            Arrays.fill(input.gradient, worker.from * length, worker.to * length, 0);
        }
        int width = output.shape.width();
        int rows = output.shape.channels() * output.shape.height();
        for (int row = worker.from * rows; row < worker.to * rows; row++) {
            int to = row / factor * (width / factor);
            for (int x = 0; x < width; x++) {
                input.gradient[to + x / factor] += output.gradient[row * width + x];
            }
        }
    }
}
