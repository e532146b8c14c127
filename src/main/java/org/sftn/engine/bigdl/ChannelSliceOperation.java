package org.sftn.engine.bigdl;

import java.util.Arrays;
import java.util.List;

/**
 * Some consecutive channels.
 *
 * @param from the first
 */
record ChannelSliceOperation(Value input, Value output, int from) implements Operation {
    @Override
    public List<Value> inputs() {
        return List.of(input);
    }

    /** Of what the slice takes of an image. */
    private int at(int image) {
        return image * input.shape.elements() + from * input.shape.height() * input.shape.width();
    }

    @Override
    public void forward(Worker worker) {
        int length = output.shape.elements();
        for (int image = worker.from; image < worker.to; image++) {
            System.arraycopy(input.data, at(image), output.data, image * length, length);
        }
    }

    @Override
    public void backward(Worker worker, List<Into> into) {
        int length = output.shape.elements();
        if (into.get(0) == Into.OVERWRITE) {
            int whole = input.shape.elements();
            Arrays.fill(input.gradient, worker.from * whole, worker.to * whole, 0);
        }
        for (int image = worker.from; image < worker.to; image++) {
            into.get(0).put(output.gradient, image * length, input.gradient, at(image), length);
        }
    }
}
