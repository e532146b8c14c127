package org.sftn.train.loss;

import org.sftn.nn.Tensor;

/** Log-probabilities of logits softened by a temperature, row by row in double precision. */
public final class Softmax {
    private Softmax() {}

    /** log softmax(logits / temperature) of one row. */
    public static double[] log(Tensor logits, int row, double temperature) {
        int classes = logits.shape().dimension(1);
        double[] z = new double[classes];
        double max = Double.NEGATIVE_INFINITY;
        for (int c = 0; c < classes; c++) {
            z[c] = logits.values()[row * classes + c] / temperature;
            max = Math.max(max, z[c]);
        }
        double sum = 0;
        for (double value : z) {
            sum += Math.exp(value - max);
        }
        double logSum = max + Math.log(sum);
        for (int c = 0; c < classes; c++) {
            z[c] -= logSum;
        }
        return z;
    }

    static void requireLogits(Tensor logits) {
        if (logits.shape().rank() != 2) {
            throw new IllegalArgumentException("logits are batch x classes, not " + logits.shape());
        }
    }
}
