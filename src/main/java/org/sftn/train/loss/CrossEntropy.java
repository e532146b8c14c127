package org.sftn.train.loss;

import org.sftn.nn.Tensor;

/**
 * Cross-entropy of softmax outputs with class labels.
 *
 * @param value mean over the batch
 * @param gradient of the value with respect to the logits, {@code batch x classes}
 */
public record CrossEntropy(double value, Tensor gradient) {
    /**
     * @param logits {@code batch x classes}
     * @param labels a class from 0 for each row
     */
    public static CrossEntropy of(Tensor logits, int[] labels) {
        Softmax.requireLogits(logits);
        int batch = logits.batch();
        int classes = logits.shape().dimension(1);
        if (labels.length != batch) {
            throw new IllegalArgumentException(labels.length + " labels for a batch of " + batch);
        }
        Tensor gradient = Tensor.zeros(logits.shape());
        double sum = 0;
        for (int row = 0; row < batch; row++) {
            double[] log = Softmax.log(logits, row, 1);
            sum -= log[labels[row]];
            for (int c = 0; c < classes; c++) {
                double target = c == labels[row] ? 1 : 0;
                gradient.values()[row * classes + c] = (float) ((Math.exp(log[c]) - target) / batch);
            }
        }
        return new CrossEntropy(sum / batch, gradient);
    }
}
