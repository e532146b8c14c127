package org.sftn.distill.method;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.sftn.conf.Limit.MoreThan;
import org.sftn.conf.Settings;
import org.sftn.distill.DistillationMethod;
import org.sftn.distill.MethodContext;
import org.sftn.distill.MethodLoss;
import org.sftn.distill.Pair;
import org.sftn.distill.Recipe;
import org.sftn.engine.Arithmetic;
import org.sftn.nn.ParameterSpec;
import org.sftn.nn.Taps;
import org.sftn.nn.Tensor;
import org.sftn.train.loss.Gradients;
import org.sftn.train.loss.MeanSquaredError;
import org.sftn.zoo.Architecture;
import org.sftn.zoo.Zoo;

/**
 * Reuse of the teacher's classifier (Chen et al. 2022, arXiv 2203.14001): the student's stages and a projector learn the map that the
 * teacher pools globally, by the mean squared error alone; the teacher's linear layer, unchanged, classifies. What is saved has all
 * of these and is called {@code STUDENT+TEACHER}; see {@link Zoo#projected}.
 *
 * <p>The teacher's map is the one after its last ReLU, since the projector ends in a ReLU: of wide residual networks, whose last stage
 * is the raw sum, the one behind the batch-norm and the ReLU of their head. A teacher's map larger than the student's is averaged to
 * its resolution.
 *
 * @param projected the student's value
 */
public record SimKd(double weight, String projected) implements DistillationMethod {
    static final String NAME = "simkd";
    private static final String TAUGHT = TEACHER + Taps.LAST_MAP;

    /** {@code distill.simkd}. */
    public record SimKdSettings(@MoreThan(0) double weight) {}

    static Recipe bind(Settings all, String path, Pair pair) {
        SimKdSettings settings = all.bind(path, SimKdSettings.class);
        Architecture student = Zoo.projected(pair.student(), pair.teacher());
        SimKd method = new SimKd(
                settings.weight(), STUDENT + Taps.stage(student.stages().size()));
        Map<String, Tensor> classifier = new LinkedHashMap<>();
        for (ParameterSpec spec : student.head().parameters()) {
            classifier.put(spec.name(), pair.saved().values().get(spec.name()));
        }
        return new Recipe(0, Map.of(NAME, method), student, classifier);
    }

    @Override
    public Set<String> needs() {
        return Set.of(projected, TAUGHT);
    }

    @Override
    public MethodLoss open(MethodContext context) {
        return (values, batch, epoch) -> loss(values, context.arithmetic());
    }

    private MethodLoss.Term loss(Map<String, Tensor> values, Arithmetic arithmetic) {
        Tensor student = values.get(projected);
        MeanSquaredError error = MeanSquaredError.of(student, Maps.pooled(arithmetic, values.get(TAUGHT), student));
        Gradients gradients = new Gradients();
        gradients.add(projected, weight, error.gradient());
        return new MethodLoss.Term(weight * error.value(), gradients.byTap());
    }
}
