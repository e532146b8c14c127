package org.sftn.train.loss;

import org.sftn.nn.Tensor;

/**
 * KL(P||Q) of two softened outputs, times the squared temperature (Hinton et al. 2015, arXiv 1503.02531).
 *
 * @param value mean over the batch
 * @param gradientOfP of the value with respect to P's logits, {@code batch x classes}
 * @param gradientOfQ likewise Q's
 */
public record SoftenedKl(double value, Tensor gradientOfP, Tensor gradientOfQ) {
    /**
     * @param p logits of P, {@code batch x classes}
     * @param q logits of Q, of the same shape
     * @param temperature above 0
     */
    public static SoftenedKl of(Tensor p, Tensor q, double temperature) {
        Softmax.requireLogits(p);
        if (!p.shape().equals(q.shape())) {
            throw new IllegalArgumentException("KL of outputs of " + p.shape() + " and " + q.shape());
        }
        int batch = p.batch();
        int classes = p.shape().dimension(1);
        Tensor gradientOfP = Tensor.zeros(p.shape());
        Tensor gradientOfQ = Tensor.zeros(q.shape());
        double scale = temperature / batch;
        double sum = 0;
        for (int row = 0; row < batch; row++) {
            double[] logP = Softmax.log(p, row, temperature);
            double[] logQ = Softmax.log(q, row, temperature);
            double divergence = 0;
            for (int c = 0; c < classes; c++) {
                divergence += Math.exp(logP[c]) * (logP[c] - logQ[c]);
            }
            sum += divergence;
            for (int c = 0; c < classes; c++) {
                int at = row * classes + c;
                double probability = Math.exp(logP[c]);
                gradientOfP.values()[at] = (float) (scale * probability * (logP[c] - logQ[c] - divergence));
                gradientOfQ.values()[at] = (float) (scale * (Math.exp(logQ[c]) - probability));
            }
        }
        return new SoftenedKl(temperature * temperature * sum / batch, gradientOfP, gradientOfQ);
    }
}
