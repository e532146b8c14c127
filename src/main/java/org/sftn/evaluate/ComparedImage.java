package org.sftn.evaluate;

import java.io.Serializable;
import org.jspecify.annotations.Nullable;

/**
 * What two models make of one image.
 *
 * @param prediction the student's
 * @param kl KL(teacher||student) of their outputs, in nats
 * @param sameClass whether both predict the same class
 * @param student pooled features; null for images whose features are not compared
 * @param teacher likewise, perhaps of another number
 */
public record ComparedImage(
        Prediction prediction, double kl, boolean sameClass, float @Nullable [] student, float @Nullable [] teacher)
        implements Serializable {
    static ComparedImage of(EvaluatedImage student, EvaluatedImage teacher) {
        if (student.prediction().index() != teacher.prediction().index()) {
            throw new IllegalArgumentException("images " + student.prediction().index() + " and "
                    + teacher.prediction().index());
        }
        return new ComparedImage(
                student.prediction(),
                kl(teacher, student),
                student.prediction().predicted() == teacher.prediction().predicted(),
                student.pooled(),
                teacher.pooled());
    }

    private static double kl(EvaluatedImage teacher, EvaluatedImage student) {
        double ofTeacher = logSumExp(teacher);
        double ofStudent = logSumExp(student);
        double sum = 0;
        for (int c = 0; c < teacher.logits().length; c++) {
            double logTeacher = teacher.logits()[c] - ofTeacher;
            sum += Math.exp(logTeacher) * (logTeacher - (student.logits()[c] - ofStudent));
        }
        return sum;
    }

    /** The cross-entropy is this minus the label's logit. */
    private static double logSumExp(EvaluatedImage answer) {
        return answer.prediction().loss() + answer.logits()[answer.prediction().label()];
    }
}
