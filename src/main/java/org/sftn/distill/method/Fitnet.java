package org.sftn.distill.method;

import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.sftn.conf.Limit.AtLeast;
import org.sftn.conf.Settings;
import org.sftn.conf.UserException;
import org.sftn.data.Batch;
import org.sftn.distill.DistillationMethod;
import org.sftn.distill.MethodContext;
import org.sftn.distill.MethodLoss;
import org.sftn.distill.Pair;
import org.sftn.distill.Recipe;
import org.sftn.nn.BatchNorm;
import org.sftn.nn.Convolution;
import org.sftn.nn.Layer;
import org.sftn.nn.Network;
import org.sftn.nn.Relu;
import org.sftn.nn.Shape;
import org.sftn.nn.Taps;
import org.sftn.nn.Tensor;
import org.sftn.nn.TransposedConvolution;
import org.sftn.train.loss.Gradients;
import org.sftn.train.loss.MeanSquaredError;
import org.sftn.zoo.Architecture;

/**
 * FitNet (Romero et al. 2015, arXiv 1412.6550): {@code weight mean (R(s) - t)^2} over all values of one stage's feature maps, the
 * hint. The regressor R is a convolution, batch-norm and ReLU; it is trained. As in RepDistiller
 * (github.com/HobbitLong/RepDistiller), hint and cross-entropy are trained together, not one after the other.
 */
public record Fitnet(double weight, int stage, Network regressor) implements DistillationMethod {
    static final String NAME = "fitnet";
    private static final String REGRESSED = "regressed";

    /** {@code distill.fitnet}. */
    public record FitnetSettings(
            @AtLeast(0) double weight,
            @AtLeast(0) double crossEntropyWeight,
            @AtLeast(1) int hintStage) {}

    static Recipe bind(Settings all, String path, Pair pair) {
        FitnetSettings settings = all.bind(path, FitnetSettings.class);
        int stage = settings.hintStage();
        requireStage(path, stage, "student", pair.student());
        requireStage(path, stage, "teacher", pair.teacher());
        Network regressor = regressor(pair, stage);
        return new Recipe(
                settings.crossEntropyWeight(), Map.of(NAME, new Fitnet(settings.weight(), stage, regressor)), pair);
    }

    private static void requireStage(String path, int stage, String role, Architecture architecture) {
        int count = architecture.stages().size();
        if (stage > count) {
            throw new UserException(String.format(
                    Locale.ROOT,
                    "%s.hint-stage is %d, but the %s %s has %d stages",
                    path,
                    stage,
                    role,
                    architecture.name(),
                    count));
        }
    }

    private static Network regressor(Pair pair, int stage) {
        Shape student = pair.student().stageShape(stage);
        Shape teacher = pair.teacher().stageShape(stage);
        Layer convolution = convolution(student, teacher)
                .orElseThrow(() -> new UserException(String.format(
                        Locale.ROOT,
                        "%s cannot join stage %d of the student %s (%s) to stage %d of the teacher %s (%s): its regressor doubles a resolution, halves it, or takes the same number of pixels off height and width",
                        NAME,
                        stage,
                        pair.student().name(),
                        student,
                        stage,
                        pair.teacher().name(),
                        teacher)));
        Network.Builder b = Network.builder();
        String x = b.input(STUDENT + Taps.stage(stage), student);
        x = b.add("conv", convolution, x);
        x = b.add("bn", new BatchNorm(teacher.channels()), x);
        return b.tap(REGRESSED, b.add("relu", new Relu(), x)).build();
    }

    // Without bias, which batch-norm would take away.
    private static Optional<Layer> convolution(Shape from, Shape to) {
        int in = from.channels();
        int out = to.channels();
        if (from.height() == 2 * to.height() && from.width() == 2 * to.width()) {
            return Optional.of(new Convolution(in, out, 3, 2, 1, 1));
        }
        if (2 * from.height() == to.height() && 2 * from.width() == to.width()) {
            return Optional.of(new TransposedConvolution(in, out, 4, 2, 1));
        }
        int less = from.height() - to.height();
        return less >= 0 && less == from.width() - to.width()
                ? Optional.of(new Convolution(in, out, 1 + less, 1, 0, 1))
                : Optional.empty();
    }

    @Override
    public Set<String> needs() {
        return Set.of(MODULE + REGRESSED, TEACHER + Taps.stage(stage));
    }

    @Override
    public Optional<Network> module() {
        return Optional.of(regressor);
    }

    @Override
    public MethodLoss open(MethodContext context) {
        return this::loss;
    }

    private MethodLoss.Term loss(Map<String, Tensor> values, Batch batch, int epoch) {
        MeanSquaredError error =
                MeanSquaredError.of(values.get(MODULE + REGRESSED), values.get(TEACHER + Taps.stage(stage)));
        Gradients gradients = new Gradients();
        gradients.add(MODULE + REGRESSED, weight, error.gradient());
        return new MethodLoss.Term(weight * error.value(), gradients.byTap());
    }
}
