package org.sftn.engine.bigdl;

import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.sftn.nn.BatchNorm;

/** Batch-norm by the statistics of the batch, all workers' images together. */
final class BatchNormTrainingOperation implements Operation {
    /** So many images are summed in float, which vectorises; such sums are joined in double. */
    private static final int BLOCK = 16;

    private final Value input;
    private final Value output;
    private final BatchNorm layer;
    private final BatchNormPlaces places;
    private final int channels;
    private final int area;
    /** By worker and channel two sums, joined in the order of the workers. */
    private final double[][] sums;
    /** By channel, of the last forward pass; each worker has its own copy. */
    private final double[][] mean;

    private final double[][] inverseDeviation;

    BatchNormTrainingOperation(Value input, Value output, BatchNorm layer, BatchNormPlaces places, int workers) {
        this.input = input;
        this.output = output;
        this.layer = layer;
        this.places = places;
        channels = layer.channels();
        area = input.shape.height() * input.shape.width();
        sums = new double[workers][2 * channels];
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
    public @Nullable String refusal(int batch) {
        return batch * area > 1
                ? null
                : output.name + ": batch-norm cannot train on one value per channel (a batch of 1 of " + input.shape
                        + ")";
    }

    @Override
    public void prepare(Worker worker) {
        // Here, because a node that shares the statistics may move them during the pass.
        for (int c = 0; c < channels; c++) {
            mean[worker.index][c] = places.of().statistics()[places.runningMean() + c];
        }
    }

    @Override
    public void forward(Worker worker) {
        double[] mean = this.mean[worker.index];
        double[] inverseDeviation = this.inverseDeviation[worker.index];
        // The variance is the mean square less the square of the mean; around the running mean that loses no digits.
        sum(worker, (c, at, first, second) -> Loops.addCentered(input.data, at, (float) mean[c], first, second, area));
        double count = (double) worker.batch * area;
        for (int c = 0; c < channels; c++) {
            double fromCenter = total(2 * c) / count;
            double variance = Math.max(0, total(2 * c + 1) / count - fromCenter * fromCenter);
            mean[c] += fromCenter;
            // By an infinite deviation whatever is normalized would come to 0.
            inverseDeviation[c] =
                    Float.isFinite((float) variance) ? 1 / Math.sqrt(variance + layer.epsilon()) : Double.NaN;
            if (worker.index == 0) {
                move(places.runningMean() + c, mean[c]);
                move(places.runningVariance() + c, variance * count / (count - 1));
            }
            float scale = (float) (places.of().values()[places.weight() + c] * inverseDeviation[c]);
            float shift = places.of().values()[places.bias() + c];
            for (int image = worker.from; image < worker.to; image++) {
                int at = (image * channels + c) * area;
                Loops.normalize(input.data, output.data, (float) mean[c], scale, shift, at, at + area);
            }
        }
    }

    private void move(int at, double value) {
        float[] statistics = places.of().statistics();
        statistics[at] = (float) ((1 - layer.momentum()) * statistics[at] + layer.momentum() * value);
    }

    @Override
    public void backward(Worker worker, List<Into> into) {
        double[] mean = this.mean[worker.index];
        sum(
                worker,
                (c, at, first, second) ->
                        Loops.addProducts(output.gradient, input.data, at, (float) mean[c], first, second, area));
        double count = (double) worker.batch * area;
        for (int c = 0; c < channels; c++) {
            double gradients = total(2 * c);
            double products = total(2 * c + 1);
            if (worker.index == 0) {
                places.of().gradients()[places.weight() + c] += (float) (products * inverseDeviation[0][c]);
                places.of().gradients()[places.bias() + c] += (float) gradients;
            }
            if (into.get(0) != Into.NOTHING) {
                passChannel(worker, c, gradients / count, products / count, into.get(0));
            }
        }
    }

    /** Adds values of one image's channel, which begin at {@code at}, to two sums by place. */
    private interface Terms {
        void add(int channel, int at, float[] first, float[] second);
    }

    /** Sums over the worker's images, by channel; returns when all workers have. */
    private void sum(Worker worker, Terms terms) {
        float[] first = new float[area];
        float[] second = new float[area];
        for (int c = 0; c < channels; c++) {
            double firsts = 0;
            double seconds = 0;
            for (int block = worker.from; block < worker.to; block += BLOCK) {
                Arrays.fill(first, 0);
                Arrays.fill(second, 0);
                for (int image = block; image < Math.min(worker.to, block + BLOCK); image++) {
                    terms.add(c, (image * channels + c) * area, first, second);
                }
                firsts += Loops.sum(first, 0, area);
                seconds += Loops.sum(second, 0, area);
            }
            sums[worker.index][2 * c] = firsts;
            sums[worker.index][2 * c + 1] = seconds;
        }
        worker.together();
    }

    private double total(int which) {
        double total = 0;
        for (double[] each : sums) {
            total += each[which];
        }
        return total;
    }

    /** {@code scale (gradient - meanGradient - (x - mean) projection)}: Ioffe and Szegedy 2015, section 3, rearranged. */
    private void passChannel(Worker worker, int c, double meanGradient, double meanProduct, Into into) {
        double inverse = inverseDeviation[worker.index][c];
        float mean = (float) this.mean[worker.index][c];
        float projection = (float) (meanProduct * inverse * inverse);
        float scale = (float) (places.of().values()[places.weight() + c] * inverse);
        float shift = (float) meanGradient;
        for (int image = worker.from; image < worker.to; image++) {
            int at = (image * channels + c) * area;
            if (into == Into.ADD) {
                Loops.addProjected(
                        output.gradient, input.data, input.gradient, shift, mean, projection, scale, at, at + area);
            } else {
                Loops.project(
                        output.gradient, input.data, input.gradient, shift, mean, projection, scale, at, at + area);
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
    public boolean hasParameters() {
        return true;
    }
}
