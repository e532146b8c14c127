package org.sftn.engine.bigdl;

import java.util.List;

/** A map as a vector: the same values in the same order, since maps are channels first. */
record FlattenOperation(Value input, Value output) implements Operation {
    @Override
    public List<Value> inputs() {
        return List.of(input);
    }

    @Override
    public void forward(Worker worker) {
        int length = output.shape.elements();
        int from = worker.from * length;
        Into.OVERWRITE.put(input.data, from, output.data, from, (worker.to - worker.from) * length);
    }

    @Override
    public void backward(Worker worker, List<Into> into) {
        int length = output.shape.elements();
        int from = worker.from * length;
        into.get(0).put(output.gradient, from, input.gradient, from, (worker.to - worker.from) * length);
    }

    @Override
    public boolean elementwise() {
        return true;
    }
}
