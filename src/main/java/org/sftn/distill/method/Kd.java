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
import org.sftn.train.loss.SoftenedKl;

/** Knowledge distillation (Hinton et al. 2015, arXiv 1503.02531): {@code weight T^2 KL(teacher||student)} of softened outputs. */
public record Kd(double weight, double temperature, LogitScaling logits) implements DistillationMethod {
    static final String NAME = "kd";

    /** {@code distill.kd}. */
    public record KdSettings(
            @AtLeast(0) double weight,
            @MoreThan(0) double temperature,
            @AtLeast(0) double crossEntropyWeight,
            boolean standardizeLogits) {
        /** The term with this temperature and these logits. */
        Kd weighted(double weight) {
            return new Kd(weight, temperature, LogitScaling.of(standardizeLogits));
        }
    }

    static Recipe bind(Settings all, String path, Pair pair) {
        KdSettings settings = all.bind(path, KdSettings.class);
        return new Recipe(settings.crossEntropyWeight(), Map.of(NAME, settings.weighted(settings.weight())), pair);
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
        return loss(values.get(STUDENT_LOGITS), values.get(TEACHER_LOGITS), temperature, logits)
                .term(weight, STUDENT_LOGITS);
    }

    /** Of logits, {@code batch x classes}. */
    public static StudentLoss loss(Tensor student, Tensor teacher, double temperature, LogitScaling logits) {
        return logits.loss(student, teacher, (s, t) -> {
            SoftenedKl kl = SoftenedKl.of(t, s, temperature);
            return new StudentLoss(kl.value(), kl.gradientOfQ());
        });
    }
}
