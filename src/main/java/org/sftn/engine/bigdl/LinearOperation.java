package org.sftn.engine.bigdl;

import java.util.List;
import org.sftn.engine.mkl.Blas;

/**
 * {@code y = W x + b}.
 *
 * @param weightAt where the weight, {@code out x in}, begins among the parameters
 * @param keptAt the place of weight and bias, one after the other, in what a worker keeps
 */
record LinearOperation(Value input, Value output, Parameters of, int weightAt, int biasAt, int keptAt)
        implements Operation {
    @Override
    public List<Value> inputs() {
        return List.of(input);
    }

    private int in() {
        return input.shape.elements();
    }

    private int out() {
        return output.shape.elements();
    }

    @Override
    public void forward(Worker worker) {
        int images = worker.to - worker.from;
        if (images == 0) {
            return;
        }
        for (int image = worker.from; image < worker.to; image++) {
            System.arraycopy(of.values(), biasAt, output.data, image * out(), out());
        }
        Blas.multiplyByTransposed(
                images,
                out(),
                in(),
                input.data,
                worker.from * in(),
                in(),
                of.values(),
                weightAt,
                in(),
                1,
                output.data,
                worker.from * out(),
                out());
    }

    @Override
    public void backward(Worker worker, List<Into> into) {
        int images = worker.to - worker.from;
        if (images == 0) {
            return;
        }
        Blas.multiplyTransposed(
                out(),
                in(),
                images,
                output.gradient,
                worker.from * out(),
                out(),
                input.data,
                worker.from * in(),
                in(),
                1,
                worker.kept,
                keptAt,
                in());
        int bias = keptAt + in() * out();
        for (int image = worker.from; image < worker.to; image++) {
            for (int o = 0; o < out(); o++) {
                worker.kept[bias + o] += output.gradient[image * out() + o];
            }
        }
        if (into.get(0) != Into.NOTHING) {
            Blas.multiply(
                    images,
                    in(),
                    out(),
                    output.gradient,
                    worker.from * out(),
                    out(),
                    of.values(),
                    weightAt,
                    in(),
                    into.get(0) == Into.ADD ? 1 : 0,
                    input.gradient,
                    worker.from * in(),
                    in());
        }
    }

    @Override
    public void collect(Worker worker, List<Worker> all) {
        int from = worker.share(out(), worker.index);
        int to = worker.share(out(), worker.index + 1);
        for (Worker each : all) {
            for (int i = from * in(); i < to * in(); i++) {
                of.gradients()[weightAt + i] += each.kept[keptAt + i];
            }
            for (int o = from; o < to; o++) {
                of.gradients()[biasAt + o] += each.kept[keptAt + in() * out() + o];
            }
        }
    }

    @Override
    public boolean needsInput() {
        return true;
    }

    @Override
    public boolean hasParameters() {
        return true;
    }
}
