package org.sftn.engine.bigdl;

import java.util.List;

/** The sum of its inputs, from the first to the last. */
record AddOperation(List<Value> inputs, Value output) implements Operation {
    @Override
    public void forward(Worker worker) {
        int from = worker.from * output.shape.elements();
        int to = worker.to * output.shape.elements();
        // The output may lie on one of the first two.
        Loops.add(inputs.get(0).data, inputs.get(1).data, output.data, from, to);
        for (Value input : inputs.subList(2, inputs.size())) {
            Loops.add(output.data, input.data, output.data, from, to);
        }
    }

    @Override
    public void backward(Worker worker, List<Into> into) {
        for (int i = 0; i < inputs.size(); i++) {
            // Where the input's gradient lies on the output's there is nothing to do.
            if (inputs.get(i).gradient != output.gradient) {
                pass(worker, inputs.get(i), into.get(i));
            }
        }
    }

    private void pass(Worker worker, Value input, Into into) {
        int from = worker.from * output.shape.elements();
        int to = worker.to * output.shape.elements();
        if (into == Into.OVERWRITE) {
            System.arraycopy(output.gradient, from, input.gradient, from, to - from);
        } else if (into == Into.ADD) {
            Loops.add(input.gradient, output.gradient, input.gradient, from, to);
        }
    }

    @Override
    public boolean elementwise() {
        return true;
    }
}
