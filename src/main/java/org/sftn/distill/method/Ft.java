package org.sftn.distill.method;

import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.sftn.conf.Limit.AtLeast;
import org.sftn.conf.Limit.AtMost;
import org.sftn.conf.Limit.MoreThan;
import org.sftn.conf.Settings;
import org.sftn.conf.UserException;
import org.sftn.distill.DistillationMethod;
import org.sftn.distill.MethodContext;
import org.sftn.distill.MethodLoss;
import org.sftn.distill.Pair;
import org.sftn.distill.Preliminary;
import org.sftn.distill.Recipe;
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
    // As in PyTorch's normalize.
    private static final double SHORTEST = 1e-12;

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
            throw new UserException(String.format(
                    Locale.ROOT,
                    "ft compares the pixels of the last stages of the student %s (%s) and the teacher %s (%s), which must have more than one",
                    pair.student().name(),
                    student,
                    pair.teacher().name(),
                    teacher));
        }
        int factors = (int) (teacher.channels() * settings.paraphraseRate());
        if (factors < 1) {
            throw new UserException(String.format(
                    Locale.ROOT,
                    "%s.paraphrase-rate of %s leaves no factor of the %d channels of the teacher %s",
                    path,
                    settings.paraphraseRate(),
                    teacher.channels(),
                    pair.teacher().name()));
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
    public MethodLoss open(MethodContext context) {
        return (values, batch, epoch) -> loss(values, context.arithmetic());
    }

    private MethodLoss.Term loss(Map<String, Tensor> values, Arithmetic arithmetic) {
        StudentLoss found = distance(arithmetic, weight, values.get(MODULE + FACTOR), values.get(FROZEN + FACTOR));
        return new MethodLoss.Term(found.value(), Map.of(MODULE + FACTOR, found.gradient()));
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
        public MethodLoss open(MethodContext context) {
            return (values, batch, epoch) -> loss(values);
        }

        private MethodLoss.Term loss(Map<String, Tensor> values) {
            MeanSquaredError error = MeanSquaredError.of(values.get(MODULE + RECONSTRUCTION), values.get(taught));
            return new MethodLoss.Term(error.value(), Map.of(MODULE + RECONSTRUCTION, error.gradient()));
        }
    }

    /**
     * {@code weight mean |n(s) - n(t)|} over batch and pixels, with {@code n(f)} an image's squares, averaged over channels and divided
     * by their l2 norm over the pixels. Of two resolutions the larger is averaged to the smaller. Where all of a student's values of an
     * image are 0, so is their gradient.
     *
     * @param student factors, {@code rows x channels x height x width}
     * @param teacher likewise, of any number of channels and any resolution
     */
    public static StudentLoss distance(Arithmetic arithmetic, double weight, Tensor student, Tensor teacher) {
        Tensor s = Maps.pooled(arithmetic, student, teacher);
        Tensor t = Maps.pooled(arithmetic, teacher, student);
        Tensor gradient = arithmetic.tensor(s.shape());
        double scale = weight / s.batch() / Maps.pixels(s);
        double[] sums = new double[s.batch()];
        arithmetic.split(s.batch(), (from, to) -> {
            for (int image = from; image < to; image++) {
                sums[image] = distance(s, t, image, scale, gradient);
            }
        });
        return new StudentLoss(scale * Arrays.stream(sums).sum(), Maps.unpooled(arithmetic, gradient, student));
    }

    /** The sum over an image's pixels; fills the gradient of {@code scale} times it. */
    private static double distance(Tensor student, Tensor teacher, int image, double scale, Tensor gradient) {
        int channels = student.shape().dimension(1);
        int pixels = Maps.pixels(student);
        double[] s = meanSquares(student, image);
        double[] t = meanSquares(teacher, image);
        double norm = norm(s);
        double normOfTeacher = norm(t);
        double[] signs = new double[pixels];
        double sum = 0;
        double along = 0;
        for (int p = 0; p < pixels; p++) {
            double difference = s[p] / norm - t[p] / normOfTeacher;
            sum += Math.abs(difference);
            signs[p] = Math.signum(difference);
            along += signs[p] * s[p] / norm;
        }
        float[] slopes = new float[pixels];
        for (int p = 0; p < pixels; p++) {
            slopes[p] = (float) (2 * scale / channels / norm * (signs[p] - along * s[p] / norm));
        }
        for (int c = 0; c < channels; c++) {
            multiply(student.values(), (image * channels + c) * pixels, slopes, gradient.values());
        }
        return sum;
    }

    private static double[] meanSquares(Tensor maps, int image) {
        int channels = maps.shape().dimension(1);
        int pixels = Maps.pixels(maps);
        float[] sums = new float[pixels];
        for (int c = 0; c < channels; c++) {
            addSquares(maps.values(), (image * channels + c) * pixels, sums);
        }
        double[] means = new double[pixels];
        for (int p = 0; p < pixels; p++) {
            means[p] = (double) sums[p] / channels;
        }
        return means;
    }

    private static double norm(double[] values) {
        return Math.max(Math.sqrt(Arrays.stream(values).map(v -> v * v).sum()), SHORTEST);
    }

    private static void addSquares(float[] values, int from, float[] sums) {
        for (int p = 0; p < sums.length; p++) {
            sums[p] += values[from + p] * values[from + p];
        }
    }

    private static void multiply(float[] values, int from, float[] slopes, float[] product) {
        for (int p = 0; p < slopes.length; p++) {
            product[from + p] = values[from + p] * slopes[p];
        }
    }
}
