package org.sftn.teacher;

import java.util.ArrayList;
import java.util.List;
import org.sftn.conf.TeacherSettings;
import org.sftn.conf.TeacherSettings.Kl;
import org.sftn.nn.Tensor;
import org.sftn.train.loss.CrossEntropy;
import org.sftn.train.loss.Gradients;
import org.sftn.train.loss.SoftenedKl;

/**
 * The loss of student-aware teacher training (arXiv 2102.07650, section 3.2): {@code lambda_T CE(teacher) + lambda_KL mean_i
 * KL_i + lambda_CE mean_i CE(branch_i)}, means over the branches; each KL carries the squared temperature. Without branches
 * it is {@code lambda_T CE(teacher)}.
 *
 * @param teacherCrossEntropy weighted part of the total, as the next two
 * @param total the sum of the three
 * @param teacherGradient of the total with respect to the teacher's logits, {@code batch x classes}
 * @param branchGradients likewise each branch's
 */
public record StudentFriendlyLoss(
        double teacherCrossEntropy,
        double divergence,
        double branchCrossEntropy,
        double total,
        Tensor teacherGradient,
        List<Tensor> branchGradients) {

    /**
     * @param teacher its logits, {@code batch x classes}
     * @param branches each branch's, of the same shape
     * @param labels a class from 0 for each row
     * @param labelSmoothing of every cross-entropy, in [0, 1)
     */
    public static StudentFriendlyLoss of(
            Tensor teacher, List<Tensor> branches, int[] labels, double labelSmoothing, TeacherSettings settings) {
        Gradients gradients = new Gradients();
        CrossEntropy own = CrossEntropy.of(teacher, labels, labelSmoothing);
        gradients.add("teacher", settings.lambdaT(), own.gradient());
        double divergence = 0;
        double branchCrossEntropy = 0;
        double klWeight = settings.lambdaKl() / branches.size();
        double crossEntropyWeight = settings.lambdaCe() / branches.size();
        List<Tensor> branchGradients = new ArrayList<>();
        for (int i = 0; i < branches.size(); i++) {
            Tensor branch = branches.get(i);
            String tap = "branch" + i;
            boolean teacherFirst = settings.kl() == Kl.TEACHER_BRANCH;
            SoftenedKl kl = teacherFirst
                    ? SoftenedKl.of(teacher, branch, settings.temperature())
                    : SoftenedKl.of(branch, teacher, settings.temperature());
            divergence += klWeight * kl.value();
            gradients.add(tap, klWeight, teacherFirst ? kl.gradientOfQ() : kl.gradientOfP());
            if (!settings.detachTeacher()) {
                gradients.add("teacher", klWeight, teacherFirst ? kl.gradientOfP() : kl.gradientOfQ());
            }
            CrossEntropy ce = CrossEntropy.of(branch, labels, labelSmoothing);
            branchCrossEntropy += crossEntropyWeight * ce.value();
            gradients.add(tap, crossEntropyWeight, ce.gradient());
            branchGradients.add(gradients.byTap().get(tap));
        }
        double teacherCrossEntropy = settings.lambdaT() * own.value();
        return new StudentFriendlyLoss(
                teacherCrossEntropy,
                divergence,
                branchCrossEntropy,
                teacherCrossEntropy + divergence + branchCrossEntropy,
                gradients.byTap().get("teacher"),
                branchGradients);
    }
}
