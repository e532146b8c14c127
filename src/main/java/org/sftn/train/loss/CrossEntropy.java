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
        return of(logits, labels, 0);
    }

    /**
     * With smoothed labels (Szegedy et al. 2016, arXiv 1512.00567, section 7), as torch.nn.CrossEntropyLoss has it: a row's target
     * is {@code smoothing / classes} for every class, and {@code 1 - smoothing} more for its label.
     *
     * @param logits {@code batch x classes}
     * @param labels a class from 0 for each row
     * @param smoothing in [0, 1)
     */
    public static CrossEntropy of(Tensor logits, int[] labels, double smoothing) {
        Softmax.requireLogits(logits);
        int batch = logits.batch();
        int classes = logits.shape().dimension(1);
        if (labels.length != batch) {
            throw new IllegalArgumentException(labels.length + " labels for a batch of " + batch);
        }
        Tensor gradient = Tensor.zeros(logits.shape());
        double ofLabel = 1 - smoothing;
        double ofEach = smoothing / classes;
        double sum = 0;
        for (int row = 0; row < batch; row++) {
            double[] log = Softmax.log(logits, row, 1);
            sum -= ofLabel * log[labels[row]];
            for (int c = 0; c < classes; c++) {
                if (smoothing > 0) {
                    sum -= ofEach * log[c];
                }
                double target = c == labels[row] ? ofLabel + ofEach : ofEach;
                gradient.values()[row * classes + c] = (float) ((Math.exp(log[c]) - target) / batch);
            }
        }
        return new CrossEntropy(sum / batch, gradient);
    }
}
