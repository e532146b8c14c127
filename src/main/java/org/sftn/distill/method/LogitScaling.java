package org.sftn.distill.method;

import org.sftn.nn.Tensor;

/** How a loss of logits takes them. */
public enum LogitScaling {
    RAW,
    /**
     * Each row of the student and of the teacher standardized (Sun et al. 2024, arXiv 2403.01427): {@code (z - mean) / (1e-7 +
     * std)} over the classes, the standard deviation with n - 1. A row of equal logits becomes 0 and gets no gradient.
     */
    STANDARDIZED;

    private static final double EPSILON = 1e-7;

    static LogitScaling of(boolean standardize) {
        return standardize ? STANDARDIZED : RAW;
    }

    /** A formula of the logits of student and teacher, both {@code batch x classes}. */
    @FunctionalInterface
    public interface Formula {
        StudentLoss of(Tensor student, Tensor teacher);
    }

    public StudentLoss loss(Tensor student, Tensor teacher, Formula formula) {
        if (this == RAW) {
            return formula.of(student, teacher);
        }
        Tensor standardized = standardized(student);
        StudentLoss loss = formula.of(standardized, standardized(teacher));
        return new StudentLoss(loss.value(), gradient(student, standardized, loss.gradient()));
    }

    /** Mean and standard deviation of a row. */
    private record Moments(double mean, double deviation) {
        static Moments of(Tensor logits, int row) {
            int classes = logits.shape().dimension(1);
            double sum = 0;
            for (int c = 0; c < classes; c++) {
                sum += logits.values()[row * classes + c];
            }
            double mean = sum / classes;
            double squares = 0;
            for (int c = 0; c < classes; c++) {
                double centered = logits.values()[row * classes + c] - mean;
                squares += centered * centered;
            }
            return new Moments(mean, Math.sqrt(squares / (classes - 1)));
        }
    }

    private static Tensor standardized(Tensor logits) {
        int classes = logits.shape().dimension(1);
        Tensor standardized = Tensor.zeros(logits.shape());
        for (int row = 0; row < logits.batch(); row++) {
            Moments moments = Moments.of(logits, row);
            for (int c = 0; c < classes; c++) {
                int at = row * classes + c;
                standardized.values()[at] =
                        (float) ((logits.values()[at] - moments.mean()) / (EPSILON + moments.deviation()));
            }
        }
        return standardized;
    }

    /** The gradient with respect to the logits from that with respect to the standardized ones. */
    private static Tensor gradient(Tensor logits, Tensor standardized, Tensor gradient) {
        int classes = logits.shape().dimension(1);
        Tensor result = Tensor.zeros(logits.shape());
        for (int row = 0; row < logits.batch(); row++) {
            double deviation = Moments.of(logits, row).deviation();
            if (deviation == 0) {
                continue;
            }
            double sum = 0;
            double product = 0;
            for (int at = row * classes; at < (row + 1) * classes; at++) {
                sum += gradient.values()[at];
                product += (double) gradient.values()[at] * standardized.values()[at];
            }
            // d deviation / d z = standardized (epsilon + deviation) / ((classes - 1) deviation)
            double share = product * (EPSILON + deviation) / ((classes - 1) * deviation);
            for (int at = row * classes; at < (row + 1) * classes; at++) {
                result.values()[at] = (float) ((gradient.values()[at]
                                - sum / classes
                                - share * standardized.values()[at])
                        / (EPSILON + deviation));
            }
        }
        return result;
    }
}
