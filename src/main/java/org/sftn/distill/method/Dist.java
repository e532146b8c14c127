package org.sftn.distill.method;

import java.util.List;
import java.util.Map;
import java.util.Set;
import org.sftn.conf.Limit.AtLeast;
import org.sftn.conf.Limit.MoreThan;
import org.sftn.conf.Settings;
import org.sftn.data.Batch;
import org.sftn.distill.DistillationMethod;
import org.sftn.distill.MethodContext;
import org.sftn.distill.MethodLoss;
import org.sftn.distill.Pair;
import org.sftn.distill.Recipe;
import org.sftn.nn.Tensor;
import org.sftn.train.loss.Softmax;

/**
 * Distillation from a stronger teacher (DIST, Huang et al. 2022, arXiv 2205.10536): {@code weight T^2 (beta inter + gamma intra)}
 * of softened outputs. Inter is 1 - the correlation (Pearson's) of student and teacher over the classes, mean over the images;
 * intra is that over the images of the local batch, mean over the classes.
 *
 * <p>Over a single image there is no correlation: intra is then 1 and has no gradient, which is what the formula gives.
 */
public record Dist(double weight, double beta, double gamma, double temperature) implements DistillationMethod {
    static final String NAME = "dist";
    private static final double EPSILON = 1e-8;

    /** {@code distill.dist}. */
    public record DistSettings(
            @AtLeast(0) double weight,
            @AtLeast(0) double beta,
            @AtLeast(0) double gamma,
            @MoreThan(0) double temperature,
            @AtLeast(0) double crossEntropyWeight) {}

    static Recipe bind(Settings all, String path, Pair pair) {
        DistSettings settings = all.bind(path, DistSettings.class);
        Dist method = new Dist(settings.weight(), settings.beta(), settings.gamma(), settings.temperature());
        return new Recipe(settings.crossEntropyWeight(), Map.of(NAME, method), pair);
    }

    @Override
    public Set<String> needs() {
        return Set.of(STUDENT_LOGITS, TEACHER_LOGITS);
    }

    @Override
    public List<String> notes(long images, int batch) {
        return List.of(LocalBatch.note(batch));
    }

    @Override
    public MethodLoss open(MethodContext context) {
        return this::loss;
    }

    private MethodLoss.Term loss(Map<String, Tensor> values, Batch batch, int epoch) {
        return loss(values.get(STUDENT_LOGITS), values.get(TEACHER_LOGITS), beta, gamma, temperature)
                .term(weight, STUDENT_LOGITS);
    }

    /**
     * @param student logits, {@code batch x classes}
     * @param teacher of the same shape
     */
    public static StudentLoss loss(Tensor student, Tensor teacher, double beta, double gamma, double temperature) {
        int batch = student.batch();
        int classes = student.shape().dimension(1);
        double[] s = probabilities(student, temperature);
        double[] t = probabilities(teacher, temperature);
        double[] slope = new double[s.length];
        double squared = temperature * temperature;
        double inter = 0;
        for (int row = 0; row < batch; row++) {
            inter += correlation(s, t, row * classes, 1, classes, -squared * beta / batch, slope);
        }
        double intra = 0;
        for (int c = 0; c < classes; c++) {
            intra += correlation(s, t, c, classes, batch, -squared * gamma / classes, slope);
        }
        double value = squared * (beta * (1 - inter / batch) + gamma * (1 - intra / classes));
        Tensor gradient = Tensor.zeros(student.shape());
        for (int row = 0; row < batch; row++) {
            double mean = 0;
            for (int at = row * classes; at < (row + 1) * classes; at++) {
                mean += s[at] * slope[at];
            }
            for (int at = row * classes; at < (row + 1) * classes; at++) {
                gradient.values()[at] = (float) (s[at] * (slope[at] - mean) / temperature);
            }
        }
        return new StudentLoss(value, gradient);
    }

    private static double[] probabilities(Tensor logits, double temperature) {
        int classes = logits.shape().dimension(1);
        double[] probabilities = new double[logits.values().length];
        for (int row = 0; row < logits.batch(); row++) {
            double[] log = Softmax.log(logits, row, temperature);
            for (int c = 0; c < classes; c++) {
                probabilities[row * classes + c] = Math.exp(log[c]);
            }
        }
        return probabilities;
    }

    /**
     * Of {@code count} values of a and b from {@code from} on, every {@code step}-th; adds {@code scale} times its gradient with
     * respect to a to {@code slope}.
     */
    private static double correlation(
            double[] a, double[] b, int from, int step, int count, double scale, double[] slope) {
        double meanA = 0;
        double meanB = 0;
        for (int i = 0; i < count; i++) {
            meanA += a[from + i * step] / count;
            meanB += b[from + i * step] / count;
        }
        double ab = 0;
        double aa = 0;
        double bb = 0;
        for (int i = 0; i < count; i++) {
            double centeredA = a[from + i * step] - meanA;
            double centeredB = b[from + i * step] - meanB;
            ab += centeredA * centeredB;
            aa += centeredA * centeredA;
            bb += centeredB * centeredB;
        }
        double normA = Math.sqrt(aa);
        double norms = normA * Math.sqrt(bb) + EPSILON;
        double correlation = ab / norms;
        double ofA = normA > 0 ? correlation * Math.sqrt(bb) / (normA * norms) : 0;
        for (int i = 0; i < count; i++) {
            int at = from + i * step;
            slope[at] += scale * ((b[at] - meanB) / norms - ofA * (a[at] - meanA));
        }
        return correlation;
    }
}
