package org.sftn.distill.method;

import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.sftn.conf.Limit.AtLeast;
import org.sftn.conf.Limit.MoreThan;
import org.sftn.conf.Settings;
import org.sftn.conf.UserException;
import org.sftn.distill.DistillationMethod;
import org.sftn.distill.MethodContext;
import org.sftn.distill.MethodLoss;
import org.sftn.distill.Pair;
import org.sftn.distill.Recipe;
import org.sftn.engine.Arithmetic;
import org.sftn.nn.AveragePool;
import org.sftn.nn.Convolution;
import org.sftn.nn.Network;
import org.sftn.nn.ParameterVector;
import org.sftn.nn.Relu;
import org.sftn.nn.Shape;
import org.sftn.nn.Taps;
import org.sftn.nn.Tensor;

/**
 * Variational information distillation (Ahn et al. 2019, arXiv 1904.05835): {@code weight sum_stages mean ((m(s) - t)^2 / v + log v)
 * / 2}, up to a constant the negative logarithm of the probability of the teacher's values under a Gaussian. Its mean m is three 1x1
 * convolutions with ReLU between them, as wide as the teacher; its variance is {@code v = log(1 + exp(a)) + epsilon} for each channel.
 * Both are trained. The maps of the higher resolution are average-pooled first.
 */
public record Vid(double weight, double epsilon, MatchedStages stages, Network predictors)
        implements DistillationMethod {
    public static final String FEATURES = "features";
    public static final String MEAN = "mean";
    public static final String SCALE = "scale";
    static final String NAME = "vid";

    /** {@code distill.vid}. */
    public record VidSettings(
            @AtLeast(0) double weight,
            @AtLeast(0) double crossEntropyWeight,
            @MoreThan(0) double initialVariance,
            @MoreThan(0) double epsilon) {}

    static Recipe bind(Settings all, String path, Pair pair) {
        VidSettings settings = all.bind(path, VidSettings.class);
        if (settings.initialVariance() <= settings.epsilon()) {
            throw new UserException(String.format(
                    Locale.ROOT,
                    "%s.initial-variance is %s, but variances are above %s.epsilon = %s",
                    path,
                    settings.initialVariance(),
                    path,
                    settings.epsilon()));
        }
        MatchedStages stages = MatchedStages.of(NAME, pair);
        Network.Builder predictors = Network.builder();
        for (Pair.Stages each : stages.stages()) {
            Shape student = pair.student().stageShape(each.student());
            String input = predictors.input(STUDENT + Taps.stage(each.student()), student);
            Network predictor = predictor(
                    student, pair.teacher().stageShape(each.teacher()), settings.initialVariance(), settings.epsilon());
            predictors.include(Taps.stage(each.teacher()), predictor, Map.of(FEATURES, input));
        }
        return new Recipe(
                settings.crossEntropyWeight(),
                Map.of(NAME, new Vid(settings.weight(), settings.epsilon(), stages, predictors.build())),
                pair);
    }

    /**
     * What predicts the Gaussian of one stage: from a student's {@link #FEATURES} to the taps {@link #MEAN} and {@link #SCALE}, which is
     * {@code a}.
     *
     * @param student of a resolution that is a whole multiple or fraction of the teacher's
     * @param initialVariance above epsilon
     */
    public static Network predictor(Shape student, Shape teacher, double initialVariance, double epsilon) {
        int width = teacher.channels();
        Network.Builder b = Network.builder();
        String x = b.input(FEATURES, student);
        int factor = student.height() / teacher.height();
        if (factor > 1) {
            x = b.add("pool", new AveragePool(factor, factor, 0), x);
        }
        x = b.add("conv1", Convolution.same(student.channels(), width, 1, 1), x);
        x = b.add("relu1", new Relu(), x);
        x = b.add("conv2", Convolution.same(width, width, 1, 1), x);
        x = b.add("relu2", new Relu(), x);
        x = b.add("conv3", Convolution.same(width, width, 1, 1), x);
        float start = (float) Math.log(Math.expm1(initialVariance - epsilon));
        return b.tap(MEAN, x)
                .tap(SCALE, b.add("scale", new ParameterVector(width, start)))
                .build();
    }

    private static String mean(Pair.Stages stages) {
        return Taps.stage(stages.teacher()) + "." + MEAN;
    }

    private static String scale(Pair.Stages stages) {
        return Taps.stage(stages.teacher()) + "." + SCALE;
    }

    @Override
    public Set<String> needs() {
        Set<String> needs = new LinkedHashSet<>();
        for (Pair.Stages each : stages.stages()) {
            needs.add(MODULE + mean(each));
            needs.add(MODULE + scale(each));
            needs.add(TEACHER + Taps.stage(each.teacher()));
        }
        return needs;
    }

    @Override
    public Optional<Network> module() {
        return Optional.of(predictors);
    }

    @Override
    public MethodLoss open(MethodContext context) {
        return (values, batch, epoch) -> {
            double sum = 0;
            Map<String, Tensor> gradients = new HashMap<>();
            for (Pair.Stages each : stages.stages()) {
                Likelihood found = Likelihood.of(
                        context.arithmetic(),
                        weight,
                        epsilon,
                        values.get(MODULE + mean(each)),
                        values.get(MODULE + scale(each)),
                        values.get(TEACHER + Taps.stage(each.teacher())));
                sum += found.value();
                gradients.put(MODULE + mean(each), found.gradientOfMean());
                gradients.put(MODULE + scale(each), found.gradientOfScale());
            }
            return new MethodLoss.Term(sum, gradients);
        };
    }

    /**
     * The term of one stage.
     *
     * @param gradientOfMean {@code rows x channels x height x width}
     * @param gradientOfScale {@code rows x channels}, each row's own part
     */
    public record Likelihood(double value, Tensor gradientOfMean, Tensor gradientOfScale) {
        /**
         * @param mean {@code rows x channels x height x width}
         * @param scale {@code rows x channels}, all rows the same
         * @param teacher as the mean, or of a resolution that is a whole multiple
         */
        public static Likelihood of(
                Arithmetic arithmetic, double weight, double epsilon, Tensor mean, Tensor scale, Tensor teacher) {
            Tensor t = Maps.pooled(arithmetic, teacher, mean);
            int channels = mean.shape().dimension(1);
            int pixels = Maps.pixels(mean);
            Tensor ofMean = arithmetic.tensor(mean.shape());
            Tensor ofScale = Tensor.zeros(scale.shape());
            double factor = weight / mean.values().length;
            double[] sums = new double[mean.batch()];
            double[] variances = new double[channels];
            for (int channel = 0; channel < channels; channel++) {
                variances[channel] = Math.log1p(Math.exp(scale.values()[channel])) + epsilon;
            }
            arithmetic.split(mean.batch(), (from, to) -> {
                for (int i = from * channels; i < to * channels; i++) {
                    double variance = variances[i % channels];
                    double squares = differences(
                            mean.values(),
                            t.values(),
                            i * pixels,
                            pixels,
                            (float) (factor / variance),
                            ofMean.values());
                    sums[i / channels] += (squares / variance + pixels * Math.log(variance)) / 2;
                    double slope = 1 / (1 + Math.exp(-scale.values()[i]));
                    ofScale.values()[i] = (float) (factor / 2 * (pixels - squares / variance) / variance * slope);
                }
            });
            double sum = 0;
            for (double each : sums) {
                sum += each;
            }
            return new Likelihood(factor * sum, ofMean, ofScale);
        }

        /** @return the sum of squared differences, unscaled */
        private static double differences(float[] a, float[] b, int from, int count, float scale, float[] scaled) {
            double squares = 0;
            for (int i = from; i < from + count; i++) {
                float difference = a[i] - b[i];
                squares += (double) difference * difference;
                scaled[i] = scale * difference;
            }
            return squares;
        }
    }
}
