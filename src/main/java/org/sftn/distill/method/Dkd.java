package org.sftn.distill.method;

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
 * Decoupled knowledge distillation (Zhao et al. 2022, arXiv 2203.08679): {@code T^2 (alpha TCKD + beta NCKD)}, mean over the
 * batch. TCKD is KL(teacher||student) of the probabilities of the label's class and of all others together, NCKD that among the
 * other classes alone.
 */
public record Dkd(double alpha, double beta, double temperature, int warmUpEpochs, LogitScaling logits)
        implements DistillationMethod {
    static final String NAME = "dkd";

    /** {@code distill.dkd}. */
    public record DkdSettings(
            @AtLeast(0) double alpha,
            @AtLeast(0) double beta,
            @MoreThan(0) double temperature,
            @AtLeast(0) int warmUpEpochs,
            @AtLeast(0) double crossEntropyWeight,
            boolean standardizeLogits) {}

    static Recipe bind(Settings all, String path, Pair pair) {
        DkdSettings settings = all.bind(path, DkdSettings.class);
        Dkd method = new Dkd(
                settings.alpha(),
                settings.beta(),
                settings.temperature(),
                settings.warmUpEpochs(),
                LogitScaling.of(settings.standardizeLogits()));
        return new Recipe(settings.crossEntropyWeight(), Map.of(NAME, method), pair);
    }

    @Override
    public Set<String> needs() {
        return Set.of(STUDENT_LOGITS, TEACHER_LOGITS);
    }

    @Override
    public MethodLoss open(MethodContext context) {
        return this::loss;
    }

    private MethodLoss.Term loss(Map<String, Tensor> values, Batch batch, int epoch) {
        StudentLoss loss = logits.loss(
                values.get(STUDENT_LOGITS),
                values.get(TEACHER_LOGITS),
                (student, teacher) -> loss(student, teacher, batch.labels(), alpha, beta, temperature));
        return loss.term(warmUp(epoch), STUDENT_LOGITS);
    }

    /** The first epoch has one part already: the reference counts epochs from 1. */
    double warmUp(int epoch) {
        return epoch + 1 < warmUpEpochs ? (epoch + 1.0) / warmUpEpochs : 1;
    }

    /**
     * @param student logits, {@code batch x classes}
     * @param teacher of the same shape
     */
    public static StudentLoss loss(
            Tensor student, Tensor teacher, int[] labels, double alpha, double beta, double temperature) {
        int batch = student.batch();
        int classes = student.shape().dimension(1);
        Tensor gradient = Tensor.zeros(student.shape());
        double scale = temperature / batch;
        double sum = 0;
        for (int row = 0; row < batch; row++) {
            int label = labels[row];
            double[] s = Softmax.log(student, row, temperature);
            double[] t = Softmax.log(teacher, row, temperature);
            double othersOfS = logOfOthers(s, label);
            double othersOfT = logOfOthers(t, label);
            double target = Math.exp(t[label]) * (t[label] - s[label]) + Math.exp(othersOfT) * (othersOfT - othersOfS);
            double slope = Math.exp(s[label]) - Math.exp(t[label]);
            gradient.values()[row * classes + label] = (float) (scale * alpha * slope);
            double others = 0;
            for (int c = 0; c < classes; c++) {
                if (c != label) {
                    double logS = s[c] - othersOfS;
                    double logT = t[c] - othersOfT;
                    double shareOfS = Math.exp(logS);
                    double shareOfT = Math.exp(logT);
                    others += shareOfT * (logT - logS);
                    gradient.values()[row * classes + c] =
                            (float) (scale * (beta * (shareOfS - shareOfT) - alpha * slope * shareOfS));
                }
            }
            sum += alpha * target + beta * others;
        }
        return new StudentLoss(temperature * temperature * sum / batch, gradient);
    }

    /** The logarithm of what all classes but one have of the probability. */
    private static double logOfOthers(double[] log, int label) {
        double max = Double.NEGATIVE_INFINITY;
        for (int c = 0; c < log.length; c++) {
            max = c == label ? max : Math.max(max, log[c]);
        }
        double sum = 0;
        for (int c = 0; c < log.length; c++) {
            sum += c == label ? 0 : Math.exp(log[c] - max);
        }
        return max + Math.log(sum);
    }
}
