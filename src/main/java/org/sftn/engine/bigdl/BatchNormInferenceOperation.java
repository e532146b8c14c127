package org.sftn.engine.bigdl;

import java.util.List;
import org.sftn.nn.BatchNorm;

/** Batch-norm by the running statistics. */
record BatchNormInferenceOperation(Value input, Value output, BatchNorm layer, BatchNormPlaces places)
        implements Operation {
    @Override
    public List<Value> inputs() {
        return List.of(input);
    }

    @Override
    public void forward(Worker worker) {
        int channels = layer.channels();
        int area = input.shape.height() * input.shape.width();
        for (int c = 0; c < channels; c++) {
            float mean = places.of().statistics()[places.runningMean() + c];
            double deviation = Math.sqrt(places.of().statistics()[places.runningVariance() + c] + layer.epsilon());
            float scale = (float) (places.of().values()[places.weight() + c] / deviation);
            float bias = places.of().values()[places.bias() + c];
            for (int image = worker.from; image < worker.to; image++) {
                int from = (image * channels + c) * area;
                Loops.normalize(input.data, output.data, mean, scale, bias, from, from + area);
            }
        }
    }

    @Override
    public void backward(Worker worker, List<Into> into) {
        throw new UnsupportedOperationException("inference has no backward pass");
    }

    @Override
    public boolean elementwise() {
        return true;
    }

    @Override
    public boolean hasParameters() {
        return true;
    }
}
