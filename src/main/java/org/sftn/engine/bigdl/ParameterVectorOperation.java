package org.sftn.engine.bigdl;

import java.util.List;

/**
 * A parameter, for each image.
 *
 * @param weightAt where it begins among the parameters
 * @param keptAt the place of its gradient in what a worker keeps
 */
record ParameterVectorOperation(Value output, Parameters of, int weightAt, int keptAt) implements Operation {
    @Override
    public List<Value> inputs() {
        return List.of();
    }

    private int size() {
        return output.shape.elements();
    }

    @Override
    public void forward(Worker worker) {
        for (int image = worker.from; image < worker.to; image++) {
            System.arraycopy(of.values(), weightAt, output.data, image * size(), size());
        }
    }

    @Override
    public void backward(Worker worker, List<Into> into) {
        for (int image = worker.from; image < worker.to; image++) {
            Loops.add(output.gradient, image * size(), worker.kept, keptAt, size());
        }
    }

    @Override
    public void collect(Worker worker, List<Worker> all) {
        int from = worker.share(size(), worker.index);
        int to = worker.share(size(), worker.index + 1);
        for (Worker each : all) {
            Loops.add(each.kept, keptAt + from, of.gradients(), weightAt + from, to - from);
        }
    }

    @Override
    public boolean hasParameters() {
        return true;
    }
}
