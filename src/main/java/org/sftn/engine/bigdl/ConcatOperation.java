package org.sftn.engine.bigdl;

import java.util.List;

/** The channels of all inputs, one input after another. */
record ConcatOperation(List<Value> inputs, Value output) implements Operation {
    @Override
    public void forward(Worker worker) {
        int place = 0;
        for (Value input : inputs) {
            int length = input.shape.elements();
            for (int image = worker.from; image < worker.to; image++) {
                System.arraycopy(input.data, image * length, output.data, at(image) + place, length);
            }
            place += length;
        }
    }

    private int at(int image) {
        return image * output.shape.elements();
    }

    @Override
    public void backward(Worker worker, List<Into> into) {
        int place = 0;
        for (int i = 0; i < inputs.size(); i++) {
            Value input = inputs.get(i);
            int length = input.shape.elements();
            for (int image = worker.from; image < worker.to; image++) {
                into.get(i).put(output.gradient, at(image) + place, input.gradient, image * length, length);
            }
            place += length;
        }
    }
}
