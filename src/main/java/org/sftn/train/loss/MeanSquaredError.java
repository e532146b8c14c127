package org.sftn.train.loss;

import org.sftn.nn.Tensor;

/**
 * The mean squared difference of all values of two tensors.
 *
 * @param gradient of the value with respect to the first tensor, of its shape
 */
public record MeanSquaredError(double value, Tensor gradient) {
    /**
     * @param predicted of any shape
     * @param target of the same shape
     */
    public static MeanSquaredError of(Tensor predicted, Tensor target) {
        if (!predicted.shape().equals(target.shape())) {
            throw new IllegalArgumentException("mean squared error of " + predicted.shape() + " and " + target.shape());
        }
        Tensor gradient = Tensor.zeros(predicted.shape());
        float[] differences = gradient.values();
        subtract(predicted.values(), target.values(), differences);
        double sum = 0;
        for (float difference : differences) {
            sum += (double) difference * difference;
        }
        scale((float) (2.0 / differences.length), differences);
        return new MeanSquaredError(sum / differences.length, gradient);
    }

    private static void subtract(float[] a, float[] b, float[] difference) {
        for (int i = 0; i < difference.length; i++) {
            difference[i] = a[i] - b[i];
        }
    }

    private static void scale(float by, float[] values) {
        for (int i = 0; i < values.length; i++) {
            values[i] *= by;
        }
    }
}
