package org.sftn.evaluate;

import java.io.Serializable;

/**
 * What two models make of one image.
 *
 * @param index of the image in its split
 * @param kl KL(teacher||student) of their outputs, in nats
 * @param sameClass whether both predict the same class
 * @param student pooled features; null for images whose features are not compared
 * @param teacher likewise, perhaps of another number
 */
public record ComparedImage(long index, double kl, boolean sameClass, float[] student, float[] teacher)
        implements Serializable {
    static ComparedImage of(Answer student, Answer teacher) {
        if (student.index() != teacher.index()) {
            throw new IllegalArgumentException("images " + student.index() + " and " + teacher.index());
        }
        return new ComparedImage(
                student.index(),
                kl(teacher.logits(), student.logits()),
                best(teacher.logits()) == best(student.logits()),
                student.pooled(),
                teacher.pooled());
    }

    private static double kl(float[] teacher, float[] student) {
        double ofTeacher = logSumExp(teacher);
        double ofStudent = logSumExp(student);
        double sum = 0;
        for (int c = 0; c < teacher.length; c++) {
            double logTeacher = teacher[c] - ofTeacher;
            sum += Math.exp(logTeacher) * (logTeacher - (student[c] - ofStudent));
        }
        return sum;
    }

    private static double logSumExp(float[] logits) {
        double max = logits[best(logits)];
        double sum = 0;
        for (float logit : logits) {
            sum += Math.exp(logit - max);
        }
        return max + Math.log(sum);
    }

    private static int best(float[] logits) {
        int best = 0;
        for (int c = 1; c < logits.length; c++) {
            if (logits[c] > logits[best]) {
                best = c;
            }
        }
        return best;
    }
}
