package org.sftn.distill;

import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.sftn.conf.Limit.AtLeast;
import org.sftn.conf.Limit.AtMost;
import org.sftn.conf.Limit.MoreThan;
import org.sftn.conf.Settings;
import org.sftn.conf.UserException;
import org.sftn.engine.Arithmetic;
import org.sftn.nn.BatchNorm;
import org.sftn.nn.Convolution;
import org.sftn.nn.Layer;
import org.sftn.nn.LeakyRelu;
import org.sftn.nn.Network;
import org.sftn.nn.Shape;
import org.sftn.nn.Taps;
import org.sftn.nn.Tensor;
import org.sftn.nn.TransposedConvolution;
import org.sftn.train.loss.AdaptivePool;
import org.sftn.train.loss.Gradients;
import org.sftn.train.loss.MeanSquaredError;

/**
 * Factor transfer (Kim et al. 2018, arXiv 1802.04977): a paraphraser, an autoencoder without labels, first learns factors of the
 * teacher's last stage; then a translator with batch-norm learns to give the same factors from the student's last stage.
 *
 * @param taught the teacher's map that is paraphrased
 */
public record Ft(double weight, String taught, Network paraphraser, Network translator, Preliminary.Schedule schedule)
        implements DistillationMethod {
    static final String NAME = "ft";
    private static final String FACTOR = "factor";
    private static final String RECONSTRUCTION = "reconstruction";
    private static final double SLOPE = 0.1;

    /** {@code distill.ft}. */
    public record FtSettings(
            @AtLeast(0) double weight,
            @MoreThan(0) @AtMost(1) double paraphraseRate,
            @AtLeast(0) double crossEntropyWeight,
            Preliminary.Schedule preliminary) {}

    static Recipe bind(Settings all, String path, Pair pair) {
        FtSettings settings = all.bind(path, FtSettings.class);
        int teacherStages = pair.teacher().stages().size();
        int studentStages = pair.student().stages().size();
        Shape teacher = pair.teacher().stageShape(teacherStages);
        Shape student = pair.student().stageShape(studentStages);
        if (Math.min(pixels(teacher), pixels(student)) == 1) {
            throw new UserException(
                    "ft compares pixels of the last stages of %s (%s) and %s (%s), which must have more than one"
                            .formatted(
                                    pair.student().name(),
                                    student,
                                    pair.teacher().name(),
                                    teacher));
        }
        int factors = (int) (teacher.channels() * settings.paraphraseRate());
        if (factors < 1) {
            throw new UserException("%s.paraphrase-rate of %s leaves no channel of stage %d of %s (%s)"
                    .formatted(
                            path,
                            settings.paraphraseRate(),
                            teacherStages,
                            pair.teacher().name(),
                            teacher));
        }
        String taught = TEACHER + Taps.stage(teacherStages);
        Ft method = new Ft(
                settings.weight(),
                taught,
                paraphraser(taught, teacher, factors),
                translator(STUDENT + Taps.stage(studentStages), pair.student().stageShape(studentStages), factors),
                settings.preliminary());
        return new Recipe(settings.crossEntropyWeight(), Map.of(NAME, method), pair);
    }

    private static int pixels(Shape map) {
        return map.height() * map.width();
    }

    private static Network paraphraser(String input, Shape shape, int factors) {
        int channels = shape.channels();
        Network.Builder b = Network.builder();
        String x = b.input(input, shape);
        x = activated(b, "conv", 1, convolution(channels, channels), x);
        x = activated(b, "conv", 2, convolution(channels, factors), x);
        x = activated(b, "conv", 3, convolution(factors, factors), x);
        b.tap(FACTOR, x);
        x = activated(b, "deconv", 1, transposed(factors, factors), x);
        x = activated(b, "deconv", 2, transposed(factors, channels), x);
        x = activated(b, "deconv", 3, transposed(channels, channels), x);
        return b.tap(RECONSTRUCTION, x).build();
    }

    private static Network translator(String input, Shape shape, int factors) {
        int channels = shape.channels();
        Network.Builder b = Network.builder();
        String x = b.input(input, shape);
        x = normed(b, 1, Convolution.same(channels, channels, 3, 1), x);
        x = normed(b, 2, Convolution.same(channels, factors, 3, 1), x);
        x = normed(b, 3, Convolution.same(factors, factors, 3, 1), x);
        return b.tap(FACTOR, x).build();
    }

    private static Layer convolution(int in, int out) {
        return Convolution.same(in, out, 3, 1).withBias();
    }

    private static Layer transposed(int in, int out) {
        return new TransposedConvolution(in, out, 3, 1, 1).withBias();
    }

    private static String activated(Network.Builder b, String kind, int number, Layer convolution, String input) {
        String x = b.add("paraphraser." + kind + number, convolution, input);
        return b.add("paraphraser.relu_" + kind + number, new LeakyRelu(SLOPE), x);
    }

    // Without bias: batch-norm would take it away.
    private static String normed(Network.Builder b, int number, Convolution convolution, String input) {
        String x = b.add("translator.conv" + number, convolution, input);
        x = b.add("translator.bn" + number, new BatchNorm(convolution.out()), x);
        return b.add("translator.relu" + number, new LeakyRelu(SLOPE), x);
    }

    @Override
    public Set<String> needs() {
        return Set.of(MODULE + FACTOR, FROZEN + FACTOR);
    }

    @Override
    public Optional<Network> module() {
        return Optional.of(translator);
    }

    @Override
    public Optional<Network> frozen() {
        return Optional.of(paraphraser.restrictedTo(Set.of(FACTOR)));
    }

    @Override
    public Optional<Preliminary> preliminary() {
        return Optional.of(new Preliminary(new Paraphrase(taught, paraphraser), schedule));
    }

    @Override
    public MethodLoss open(Place place) {
        return (values, batch, epoch) -> loss(values, place.arithmetic());
    }

    private MethodLoss.Term loss(Map<String, Tensor> values, Arithmetic arithmetic) {
        Factors factors = Factors.of(values.get(MODULE + FACTOR), values.get(FROZEN + FACTOR), arithmetic);
        Gradients gradients = new Gradients();
        gradients.add(MODULE + FACTOR, weight, factors.gradient());
        return new MethodLoss.Term(weight * factors.value(), gradients.byTap());
    }

    /** The preliminary stage: the mean squared error of what the paraphraser makes of its factors. */
    record Paraphrase(String taught, Network paraphraser) implements DistillationMethod {
        @Override
        public Set<String> needs() {
            return Set.of(MODULE + RECONSTRUCTION, taught);
        }

        @Override
        public Optional<Network> module() {
            return Optional.of(paraphraser);
        }

        @Override
        public MethodLoss open(Place place) {
            return (values, batch, epoch) -> loss(values);
        }

        private MethodLoss.Term loss(Map<String, Tensor> values) {
            MeanSquaredError error = MeanSquaredError.of(values.get(MODULE + RECONSTRUCTION), values.get(taught));
            return new MethodLoss.Term(error.value(), Map.of(MODULE + RECONSTRUCTION, error.gradient()));
        }
    }

    /**
     * {@code mean |n(s) - n(t)|} over batch and pixels, with {@code n(f)} an image's squares, averaged over channels, divided by
     * their l2 norm over its pixels. Of two resolutions the larger is averaged to the smaller.
     *
     * @param gradient of the value with respect to the student's factors
     */
    public record Factors(double value, Tensor gradient) {
        // As in PyTorch's normalize.
        private static final double SMALLEST_NORM = 1e-12;

        /**
         * @param student {@code batch x channels x height x width}
         * @param teacher of the same batch
         */
        public static Factors of(Tensor student, Tensor teacher, Arithmetic arithmetic) {
            AdaptivePool ofStudent = smaller(student, teacher);
            AdaptivePool ofTeacher = smaller(teacher, student);
            Tensor s = ofStudent.pooled(student, arithmetic);
            Tensor t = ofTeacher.pooled(teacher, arithmetic);
            Tensor gradient = Tensor.zeros(s.shape());
            double[] sums = new double[s.batch()];
            arithmetic.split(s.batch(), (from, to) -> {
                for (int image = from; image < to; image++) {
                    sums[image] = image(s, t, image, gradient);
                }
            });
            double sum = 0;
            for (double each : sums) {
                sum += each;
            }
            int pixels = ofStudent.rows() * ofStudent.columns();
            return new Factors(sum / ((double) s.batch() * pixels), ofStudent.gradient(gradient, arithmetic));
        }

        private static AdaptivePool smaller(Tensor map, Tensor other) {
            int height = map.shape().dimension(2);
            int width = map.shape().dimension(3);
            boolean larger = height > other.shape().dimension(2);
            return new AdaptivePool(
                    height,
                    width,
                    larger ? other.shape().dimension(2) : height,
                    larger ? other.shape().dimension(3) : width);
        }

        /** Sum over an image's pixels; fills its gradient. */
        private static double image(Tensor student, Tensor teacher, int image, Tensor gradient) {
            int channels = student.shape().dimension(1);
            int pixels = student.shape().dimension(2) * student.shape().dimension(3);
            double[] s = meanSquares(student, image, pixels);
            double[] t = meanSquares(teacher, image, pixels);
            double norm = norm(s);
            double normOfTeacher = norm(t);
            double sum = 0;
            double along = 0;
            double[] sign = new double[pixels];
            for (int p = 0; p < pixels; p++) {
                double difference = s[p] / norm - t[p] / normOfTeacher;
                sum += Math.abs(difference);
                sign[p] = Math.signum(difference);
                along += sign[p] * s[p] / norm;
            }
            float[] slope = new float[pixels];
            double scale = 2 / (norm * channels * student.batch() * pixels);
            for (int p = 0; p < pixels; p++) {
                slope[p] = (float) (scale * (sign[p] - along * s[p] / norm));
            }
            for (int c = 0; c < channels; c++) {
                multiply(student.values(), (image * channels + c) * pixels, slope, gradient.values());
            }
            return sum;
        }

        private static double[] meanSquares(Tensor map, int image, int pixels) {
            int channels = map.shape().dimension(1);
            float[] sums = new float[pixels];
            for (int c = 0; c < channels; c++) {
                addSquares(map.values(), (image * channels + c) * pixels, sums);
            }
            double[] means = new double[pixels];
            for (int p = 0; p < pixels; p++) {
                means[p] = (double) sums[p] / channels;
            }
            return means;
        }

        private static double norm(double[] values) {
            double sum = 0;
            for (double value : values) {
                sum += value * value;
            }
            return Math.max(Math.sqrt(sum), SMALLEST_NORM);
        }

        private static void addSquares(float[] values, int from, float[] sums) {
            for (int p = 0; p < sums.length; p++) {
                sums[p] += values[from + p] * values[from + p];
            }
        }

        private static void multiply(float[] values, int from, float[] slope, float[] product) {
            for (int p = 0; p < slope.length; p++) {
                product[from + p] = values[from + p] * slope[p];
            }
        }
    }
}
