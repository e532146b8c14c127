package org.sftn.train.quantity;

import java.io.Serializable;
import org.sftn.data.Batch;
import org.sftn.nn.Tensor;

/**
 * Sums over evaluated images.
 *
 * @param top1 images whose label has the largest logit
 * @param top5 images whose label is among the five largest
 * @param crossEntropy sum over the images; not a number when some logit is not finite
 * @param skipped damaged images, which are not among the others
 */
public record EvaluationSums(long images, long top1, long top5, double crossEntropy, long skipped)
        implements Serializable {
    public static final EvaluationSums EMPTY = new EvaluationSums(0, 0, 0, 0, 0);
    private static final int FIVE = 5;

    /** @param logits {@code batch x classes} */
    public static EvaluationSums of(Batch batch, Tensor logits) {
        int classes = logits.shape().dimension(1);
        EvaluationSums sum = EMPTY;
        for (int i = 0; i < batch.size(); i++) {
            sum = sum.plus(of(logits.values(), i * classes, classes, batch.labels()[i]));
        }
        return sum;
    }

    /** Images whose label has the largest logit, found without the rest. */
    public static long top1(Batch batch, Tensor logits) {
        int classes = logits.shape().dimension(1);
        long top1 = 0;
        for (int i = 0; i < batch.size(); i++) {
            if (before(logits.values(), i * classes, classes, batch.labels()[i]) < 1) {
                top1++;
            }
        }
        return top1;
    }

    /** Logits that are larger than the label's. */
    private static int before(float[] logits, int from, int classes, int label) {
        int before = 0;
        for (int c = 0; c < classes; c++) {
            float logit = logits[from + c];
            // Of equal logits the first counts as the larger; a logit that is not a number never beats another.
            if (!(logits[from + label] >= logit) || c < label && logits[from + label] == logit) {
                before++;
            }
        }
        return before;
    }

    private static EvaluationSums of(float[] logits, int from, int classes, int label) {
        int before = before(logits, from, classes, label);
        double largest = Double.NEGATIVE_INFINITY;
        boolean finite = true;
        for (int c = 0; c < classes; c++) {
            largest = Math.max(largest, logits[from + c]);
            finite &= Float.isFinite(logits[from + c]);
        }
        double exponentials = 0;
        for (int c = 0; c < classes; c++) {
            exponentials += Math.exp(logits[from + c] - largest);
        }
        double crossEntropy = finite ? Math.log(exponentials) + largest - logits[from + label] : Double.NaN;
        return new EvaluationSums(1, before < 1 ? 1 : 0, before < FIVE ? 1 : 0, crossEntropy, 0);
    }

    public static EvaluationSums skipped(long images) {
        return new EvaluationSums(0, 0, 0, 0, images);
    }

    public EvaluationSums plus(EvaluationSums other) {
        return new EvaluationSums(
                images + other.images,
                top1 + other.top1,
                top5 + other.top5,
                crossEntropy + other.crossEntropy,
                skipped + other.skipped);
    }

    /** A share in [0, 1]. */
    public double top1Share() {
        return (double) top1 / images;
    }

    /** A share in [0, 1]. */
    public double top5Share() {
        return (double) top5 / images;
    }

    public double meanCrossEntropy() {
        return crossEntropy / images;
    }
}
