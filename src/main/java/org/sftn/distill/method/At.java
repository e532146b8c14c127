package org.sftn.distill.method;

import java.util.Map;
import java.util.Set;
import org.sftn.conf.Limit.AtLeast;
import org.sftn.conf.Settings;
import org.sftn.distill.DistillationMethod;
import org.sftn.distill.MethodContext;
import org.sftn.distill.MethodLoss;
import org.sftn.distill.Pair;
import org.sftn.distill.Recipe;
import org.sftn.engine.Arithmetic;
import org.sftn.nn.Tensor;

/**
 * Attention transfer (Zagoruyko and Komodakis 2017, arXiv 1612.03928): {@code weight sum_stages mean (A(s) - A(t))^2} over images and
 * pixels. The attention A of an image is the mean square over channels of each pixel, as a vector of length 1. The maps of the higher
 * resolution are average-pooled first.
 */
public record At(double weight, MatchedStages stages) implements DistillationMethod {
    static final String NAME = "at";
    /** Shorter vectors are divided by this. */
    private static final double SHORTEST = 1e-12;

    /** {@code distill.at}. */
    public record AtSettings(
            @AtLeast(0) double weight, @AtLeast(0) double crossEntropyWeight) {}

    static Recipe bind(Settings all, String path, Pair pair) {
        AtSettings settings = all.bind(path, AtSettings.class);
        return new Recipe(
                settings.crossEntropyWeight(),
                Map.of(NAME, new At(settings.weight(), MatchedStages.of(NAME, pair))),
                pair);
    }

    @Override
    public Set<String> needs() {
        return stages.needs();
    }

    @Override
    public MethodLoss open(MethodContext context) {
        return (values, batch, epoch) ->
                stages.sum(values, (student, teacher) -> distance(context.arithmetic(), weight, student, teacher));
    }

    /**
     * The term of one stage.
     *
     * @param student {@code rows x channels x height x width}
     * @param teacher likewise, of any number of channels, and of a resolution that is a whole multiple or fraction
     */
    public static StudentLoss distance(Arithmetic arithmetic, double weight, Tensor student, Tensor teacher) {
        Tensor s = Maps.pooled(arithmetic, student, teacher);
        Tensor t = Maps.pooled(arithmetic, teacher, student);
        Tensor gradient = arithmetic.tensor(s.shape());
        double scale = weight / s.batch() / Maps.pixels(s);
        double[] sums = new double[s.batch()];
        arithmetic.split(s.batch(), (from, to) -> {
            for (int image = from; image < to; image++) {
                Attention learnt = Attention.of(s, image);
                Attention taught = Attention.of(t, image);
                sums[image] = learnt.squaredDistance(taught);
                scaleChannels(s, image, learnt.gradient(taught, scale), gradient);
            }
        });
        double sum = 0;
        for (double each : sums) {
            sum += each;
        }
        return new StudentLoss(scale * sum, Maps.unpooled(arithmetic, gradient, student));
    }

    /**
     * The attention of one image.
     *
     * @param values of each pixel, of length 1 together
     * @param length that they had
     */
    private record Attention(double[] values, double length, int channels) {
        static Attention of(Tensor maps, int image) {
            int channels = maps.shape().dimension(1);
            int pixels = Maps.pixels(maps);
            float[] squares = new float[pixels];
            for (int channel = 0; channel < channels; channel++) {
                addSquares(maps.values(), (image * channels + channel) * pixels, squares);
            }
            double[] values = new double[pixels];
            double sum = 0;
            for (int i = 0; i < pixels; i++) {
                values[i] = (double) squares[i] / channels;
                sum += values[i] * values[i];
            }
            double length = Math.sqrt(sum);
            double divisor = Math.max(length, SHORTEST);
            for (int i = 0; i < pixels; i++) {
                values[i] /= divisor;
            }
            return new Attention(values, length, channels);
        }

        private static void addSquares(float[] values, int from, float[] sums) {
            for (int i = 0; i < sums.length; i++) {
                sums[i] += values[from + i] * values[from + i];
            }
        }

        double squaredDistance(Attention other) {
            double sum = 0;
            for (int i = 0; i < values.length; i++) {
                double difference = values[i] - other.values[i];
                sum += difference * difference;
            }
            return sum;
        }

        /** Of {@code scale} times the squared distance: what each pixel's values are to be multiplied by. */
        float[] gradient(Attention other, double scale) {
            double along = 0;
            for (int i = 0; i < values.length; i++) {
                along += values[i] * (values[i] - other.values[i]);
            }
            // A vector that was divided by a constant changes in length too.
            double projected = length > SHORTEST ? along : 0;
            double factor = 4 * scale / channels / Math.max(length, SHORTEST);
            float[] gradient = new float[values.length];
            for (int i = 0; i < values.length; i++) {
                gradient[i] = (float) (factor * (values[i] - other.values[i] - values[i] * projected));
            }
            return gradient;
        }
    }

    private static void scaleChannels(Tensor maps, int image, float[] scales, Tensor into) {
        int channels = maps.shape().dimension(1);
        for (int channel = 0; channel < channels; channel++) {
            int from = (image * channels + channel) * scales.length;
            for (int i = 0; i < scales.length; i++) {
                into.values()[from + i] = scales[i] * maps.values()[from + i];
            }
        }
    }
}
