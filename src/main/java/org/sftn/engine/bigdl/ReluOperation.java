package org.sftn.engine.bigdl;

import java.util.List;

/** max(x, 0), keeping NaN. */
record ReluOperation(Value input, Value output) implements Operation {
    @Override
    public List<Value> inputs() {
        return List.of(input);
    }

    @Override
    public void forward(Worker worker) {
        int length = output.shape.elements();
        Loops.relu(input.data, output.data, worker.from * length, worker.to * length);
    }

    @Override
    public void backward(Worker worker, List<Into> into) {
        int length = output.shape.elements();
        if (into.get(0) == Into.ADD) {
            Loops.addWherePositive(
                    output.data, output.gradient, input.gradient, worker.from * length, worker.to * length);
        } else {
            Loops.keepWherePositive(
                    output.data, output.gradient, input.gradient, worker.from * length, worker.to * length);
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
