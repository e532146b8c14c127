package org.sftn.engine.bigdl;

import java.util.List;
import org.sftn.nn.BatchNorm;

/**
 * Batch-norm by the statistics of the batch, all workers' images together. Sums are kept by image and joined in the order of the
 * images, so they do not depend on the number of workers.
 */
final class BatchNormTrainingOperation implements Operation {
    private final Value input;
    private final Value output;
    private final BatchNorm layer;
    private final BatchNormPlaces places;

    private final int channels;
    private final int area;
    /** By image and channel, sum and sum of squares (backward: of products). */
    private double[] sums = new double[0];
    /** Each worker's own copy, by channel, of the last forward pass. */
    private final double[][] mean;

    private final double[][] inverseDeviation;

    BatchNormTrainingOperation(Value input, Value output, BatchNorm layer, BatchNormPlaces places, int workers) {
        this.input = input;
        this.output = output;
        this.layer = layer;
        this.places = places;
        channels = layer.channels();
        area = input.shape.height() * input.shape.width();
        mean = new double[workers][channels];
        inverseDeviation = new double[workers][channels];
    }

    @Override
    public List<Value> inputs() {
        return List.of(input);
    }

    @Override
    public Value output() {
        return output;
    }

    @Override
    public String refusal(int batch) {
        return batch * area > 1
                ? null
                : output.name + ": batch-norm cannot train on one value a channel (a batch of 1 of " + input.shape + ")";
    }

    @Override
    public void prepare(Worker worker) {
        if (worker.index == 0 && sums.length != 2 * worker.batch * channels) {
            sums = new double[2 * worker.batch * channels];
        }
    }

    @Override
    public void forward(Worker worker) {
        for (int image = worker.from; image < worker.to; image++) {
            for (int c = 0; c < channels; c++) {
                int from = (image * channels + c) * area;
                int at = 2 * (image * channels + c);
                sums[at] = Loops.sum(input.data, from, from + area);
                sums[at + 1] = Loops.sumOfSquares(input.data, from, from + area);
            }
        }
        worker.together();
        double[] mean = this.mean[worker.index];
        double[] inverseDeviation = this.inverseDeviation[worker.index];
        double count = (double) worker.batch * area;
        for (int c = 0; c < channels; c++) {
            mean[c] = total(worker, c, 0) / count;
            // In double the difference is exact enough unless the mean is some 1e6 deviations off.
            double variance = Math.max(0, total(worker, c, 1) / count - mean[c] * mean[c]);
            inverseDeviation[c] = 1 / Math.sqrt(variance + layer.epsilon());
            if (worker.index == 0) {
                move(places.of().statistics(), places.runningMean() + c, mean[c]);
                move(places.of().statistics(), places.runningVariance() + c, variance * count / (count - 1));
            }
        }
        for (int image = worker.from; image < worker.to; image++) {
            for (int c = 0; c < channels; c++) {
                int from = (image * channels + c) * area;
                Loops.normalise(
                        input.data,
                        output.data,
                        (float) mean[c],
                        (float) (places.of().values()[places.weight() + c] * inverseDeviation[c]),
                        places.of().values()[places.bias() + c],
                        from,
                        from + area);
            }
        }
    }

    private double total(Worker worker, int channel, int which) {
        double total = 0;
        for (int image = 0; image < worker.batch; image++) {
            total += sums[2 * (image * channels + channel) + which];
        }
        return total;
    }

    private void move(float[] statistics, int at, double value) {
        statistics[at] = (float) ((1 - layer.momentum()) * statistics[at] + layer.momentum() * value);
    }

    @Override
    public void backward(Worker worker, List<Into> into) {
        for (int image = worker.from; image < worker.to; image++) {
            for (int c = 0; c < channels; c++) {
                int from = (image * channels + c) * area;
                int at = 2 * (image * channels + c);
                sums[at] = Loops.sum(output.gradient, from, from + area);
                sums[at + 1] = Loops.sumOfProducts(output.gradient, input.data, from, from + area);
            }
        }
        worker.together();
        double[] mean = this.mean[worker.index];
        double[] inverseDeviation = this.inverseDeviation[worker.index];
        double count = (double) worker.batch * area;
        for (int c = 0; c < channels; c++) {
            double gradients = total(worker, c, 0);
            // Of the gradient times the normalised input, before the division by the deviation.
            double products = total(worker, c, 1) - mean[c] * gradients;
            if (worker.index == 0) {
                places.of().gradients()[places.weight() + c] += (float) (products * inverseDeviation[c]);
                places.of().gradients()[places.bias() + c] += (float) gradients;
            }
            if (into.get(0) != Into.NOTHING) {
                passChannel(worker, c, gradients / count, products / count, into.get(0));
            }
        }
    }

    /** {@code scale (gradient - meanGradient - (x - mean) projection)}: Ioffe and Szegedy 2015, section 3, rearranged. */
    private void passChannel(Worker worker, int c, double meanGradient, double meanProduct, Into into) {
        double inverse = inverseDeviation[worker.index][c];
        float mean = (float) this.mean[worker.index][c];
        float projection = (float) (meanProduct * inverse * inverse);
        float scale = (float) (places.of().values()[places.weight() + c] * inverse);
        float shift = (float) meanGradient;
        float[] x = input.data;
        float[] gradient = output.gradient;
        float[] result = input.gradient;
        for (int image = worker.from; image < worker.to; image++) {
            int from = (image * channels + c) * area;
            if (into == Into.ADD) {
                for (int i = from; i < from + area; i++) {
                    result[i] += (gradient[i] - shift - (x[i] - mean) * projection) * scale;
                }
            } else {
                for (int i = from; i < from + area; i++) {
                    result[i] = (gradient[i] - shift - (x[i] - mean) * projection) * scale;
                }
            }
        }
    }

    @Override
    public boolean elementwise() {
        return true;
    }

    @Override
    public boolean needsInput() {
        return true;
    }

    @Override
    public boolean needsOutput() {
        return false;
    }

    @Override
    public boolean hasParameters() {
        return true;
    }
}
