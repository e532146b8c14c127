package org.sftn.distill;

import java.util.Map;
import java.util.Set;
import org.sftn.conf.Limit.AtLeast;
import org.sftn.conf.Limit.MoreThan;
import org.sftn.conf.Settings;
import org.sftn.data.Batch;
import org.sftn.nn.Taps;
import org.sftn.nn.Tensor;
import org.sftn.train.loss.Gradients;
import org.sftn.train.loss.SoftenedKl;

/** Knowledge distillation (Hinton et al. 2015, arXiv 1503.02531): {@code weight T^2 KL(teacher||student)} of softened outputs. */
public record Kd(double weight, double temperature) implements DistillationMethod {
    static final String NAME = "kd";
    private static final String STUDENT_LOGITS = STUDENT + Taps.LOGITS;
    private static final String TEACHER_LOGITS = TEACHER + Taps.LOGITS;

    /** {@code distill.kd}. */
    public record KdSettings(
            @AtLeast(0) double weight,
            @MoreThan(0) double temperature,
            @AtLeast(0) double crossEntropyWeight) {}

    static Recipe bind(Settings all, String path, Pair pair) {
        KdSettings settings = all.bind(path, KdSettings.class);
        return new Recipe(
                settings.crossEntropyWeight(), Map.of(NAME, new Kd(settings.weight(), settings.temperature())), pair);
    }

    @Override
    public Set<String> needs() {
        return Set.of(STUDENT_LOGITS, TEACHER_LOGITS);
    }

    @Override
    public MethodLoss open(Place place) {
        return this::loss;
    }

    private MethodLoss.Term loss(Map<String, Tensor> values, Batch batch, int epoch) {
        SoftenedKl kl = SoftenedKl.of(values.get(TEACHER_LOGITS), values.get(STUDENT_LOGITS), temperature);
        Gradients gradients = new Gradients();
        gradients.add(STUDENT_LOGITS, weight, kl.gradientOfQ());
        return new MethodLoss.Term(weight * kl.value(), gradients.byTap());
    }
}
