package org.sftn.engine.bigdl;

import java.util.List;

/** An activation of each value. */
record ActivationOperation(Activation activation, Value input, Value output) implements Operation {
    @Override
    public List<Value> inputs() {
        return List.of(input);
    }

    @Override
    public void forward(Worker worker) {
        int length = output.shape.elements();
        for (int i = worker.from * length; i < worker.to * length; i++) {
            output.data[i] = activation.of(input.data[i]);
        }
    }

    @Override
    public void backward(Worker worker, List<Into> into) {
        int length = output.shape.elements();
        boolean add = into.get(0) == Into.ADD;
        for (int i = worker.from * length; i < worker.to * length; i++) {
            float gradient = output.gradient[i] * activation.slope(output.data[i]);
            input.gradient[i] = add ? input.gradient[i] + gradient : gradient;
        }
    }

    @Override
    public boolean elementwise() {
        return true;
    }

    @Override
    public boolean needsOutput() {
        return true;
    }
}
