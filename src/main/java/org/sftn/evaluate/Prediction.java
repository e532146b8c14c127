package org.sftn.evaluate;

import java.io.Serializable;
import java.util.Locale;
import org.sftn.conf.UserException;

/**
 * What a model says of one image.
 *
 * @param index of the image in its split
 * @param label its class
 * @param predicted the most probable class, the lowest of equal ones
 * @param probability of the predicted class
 * @param rank how many classes the model puts before the label: 0 when it is right
 * @param loss cross-entropy with the label
 */
public record Prediction(long index, String name, int label, int predicted, double probability, int rank, double loss)
        implements Serializable {
    static Prediction of(long index, String name, int label, float[] logits) {
        int predicted = 0;
        int rank = 0;
        float own = logits[label];
        for (int c = 0; c < logits.length; c++) {
            float logit = logits[c];
            if (!Float.isFinite(logit)) {
                throw new UserException(String.format(
                        Locale.ROOT,
                        "the model cannot be evaluated: its output for image %d (%s) is %s",
                        index,
                        name,
                        logit));
            }
            if (logit > logits[predicted]) {
                predicted = c;
            }
            if (logit > own || (logit == own && c < label)) {
                rank++;
            }
        }
        double max = logits[predicted];
        double sum = 0;
        for (float logit : logits) {
            sum += Math.exp(logit - max);
        }
        return new Prediction(index, name, label, predicted, 1 / sum, rank, Math.log(sum) + max - own);
    }
}
