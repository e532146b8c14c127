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
        int count = gradient.values().length;
        scaledDifference(2f / count, predicted.values(), target.values(), gradient.values());
        return new MeanSquaredError(squares(predicted.values(), target.values()) / count, gradient);
    }

    private static void scaledDifference(float scale, float[] a, float[] b, float[] difference) {
        for (int i = 0; i < difference.length; i++) {
            difference[i] = scale * (a[i] - b[i]);
        }
    }

    private static double squares(float[] a, float[] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            double difference = (double) a[i] - b[i];
            sum += difference * difference;
        }
        return sum;
    }
}
