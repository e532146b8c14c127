package org.sftn.distill.method;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.sftn.conf.Limit.AtLeast;
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
import org.sftn.nn.Network;
import org.sftn.nn.Shape;
import org.sftn.nn.Taps;
import org.sftn.nn.Tensor;
import org.sftn.nn.TransposedConvolution;

/**
 * Activation boundaries (Heo et al. 2019, arXiv 1811.03233): before its training, the student's stages learn which of the teacher's
 * neurons are active; then cross-entropy trains it alone. The code of RepDistiller, with which the methods are compared, adds no term
 * there either.
 *
 * <p>Maps are taken before their stage's last ReLU. A connector, a convolution with batch-norm, gives the student's the teacher's
 * shape; equal shapes need none.
 */
public record Ab(Initialization initialization, Preliminary.Schedule schedule) implements DistillationMethod {
    static final String NAME = "ab";
    private static final int STRIP = 1024;
    private static final float HUGE = 1e38f;

    /** {@code distill.ab}. */
    public record AbSettings(
            @AtLeast(0) double weight,
            @MoreThan(0) double margin,
            @MoreThan(0) double crossEntropyWeight,
            Preliminary.Schedule preliminary) {}

    static Recipe bind(Settings all, String path, Pair pair) {
        AbSettings settings = all.bind(path, AbSettings.class);
        Initialization initialization = Initialization.of(settings.weight(), settings.margin(), pair);
        return new Recipe(
                settings.crossEntropyWeight(), Map.of(NAME, new Ab(initialization, settings.preliminary())), pair);
    }

    @Override
    public Set<String> needs() {
        return Set.of();
    }

    @Override
    public Optional<Preliminary> preliminary() {
        return Optional.of(new Preliminary(initialization, schedule));
    }

    @Override
    public MethodLoss open(MethodContext context) {
        return (values, batch, epoch) -> new MethodLoss.Term(0, Map.of());
    }

    /**
     * The preliminary stage.
     *
     * @param weight of the last stage's term; each stage before has half of it
     * @param connectors with a tap {@code stageN} for each of the student's stages that are compared, from the first to the last
     * @param taught the teacher's values for them
     */
    record Initialization(double weight, double margin, Network connectors, List<String> taught)
            implements DistillationMethod {
        static Initialization of(double weight, double margin, Pair pair) {
            Network teacher = pair.teacher().network();
            Network student = pair.student().network();
            List<String> taught = new ArrayList<>();
            Network.Builder connectors = Network.builder();
            for (Pair.Stages stages : pair.stages()) {
                String from = Taps.stagePreActivation(stages.student());
                String to = Taps.stagePreActivation(stages.teacher());
                String input = connectors.input(STUDENT + from, student.tapShape(from));
                connectors.tap(
                        Taps.stage(stages.student()), connected(connectors, input, teacher.tapShape(to), stages, pair));
                taught.add(TEACHER + to);
            }
            return new Initialization(weight, margin, connectors.build(), taught);
        }

        private static String connected(
                Network.Builder connectors, String input, Shape to, Pair.Stages stages, Pair pair) {
            Shape from = connectors.shape(input);
            if (from.equals(to)) {
                return input;
            }
            int in = from.channels();
            int out = to.channels();
            Layer convolution = Stream.of(
                            Convolution.same(in, out, 1, 1),
                            Convolution.same(in, out, 3, 2),
                            new TransposedConvolution(in, out, 4, 2, 1))
                    .filter(layer -> layer.outputShape(List.of(from)).equals(to))
                    .findFirst()
                    .orElseThrow(() -> new UserException(String.format(
                            Locale.ROOT,
                            "ab cannot compare stage %d of the student %s (%s) with stage %d of the teacher %s (%s): their resolutions are not equal, nor is one twice the other",
                            stages.student(),
                            pair.student().name(),
                            from,
                            stages.teacher(),
                            pair.teacher().name(),
                            to)));
            String name = "connector" + stages.student() + ".";
            connectors.add(name + "conv", convolution, input);
            return connectors.add(name + "bn", new BatchNorm(out), name + "conv");
        }

        @Override
        public Set<String> needs() {
            Set<String> needs = new HashSet<>(taught);
            needs.addAll(connected());
            return needs;
        }

        private List<String> connected() {
            return connectors.taps().keySet().stream().map(tap -> MODULE + tap).toList();
        }

        @Override
        public Optional<Network> module() {
            return Optional.of(connectors);
        }

        @Override
        public MethodLoss open(MethodContext context) {
            return (values, batch, epoch) -> loss(values, context.arithmetic());
        }

        private MethodLoss.Term loss(Map<String, Tensor> values, Arithmetic arithmetic) {
            List<String> connected = connected();
            double value = 0;
            Map<String, Tensor> gradients = new HashMap<>();
            for (int stage = 0; stage < taught.size(); stage++) {
                StudentLoss found = distance(
                        arithmetic,
                        Math.scalb(weight, stage + 1 - taught.size()),
                        margin,
                        values.get(connected.get(stage)),
                        values.get(taught.get(stage)));
                value += found.value();
                gradients.put(connected.get(stage), found.gradient());
            }
            return new MethodLoss.Term(value, gradients);
        }
    }

    /**
     * {@code weight / rows sum (d^2)} over all values of one stage: a student's value is to be at least the margin where the teacher's is
     * positive, else at most minus the margin; d is how far it is from there.
     *
     * @param student {@code rows x channels x height x width}
     * @param teacher of the same shape
     */
    public static StudentLoss distance(
            Arithmetic arithmetic, double weight, double margin, Tensor student, Tensor teacher) {
        int rows = student.batch();
        int size = student.values().length / rows;
        double scale = weight / rows;
        Tensor gradient = arithmetic.tensor(student.shape());
        double[] sums = new double[rows];
        arithmetic.split(rows, (from, to) -> {
            float[] squares = new float[STRIP];
            for (int image = from; image < to; image++) {
                Arrays.fill(squares, 0);
                for (int at = image * size; at < (image + 1) * size; at += STRIP) {
                    int end = Math.min(at + STRIP, (image + 1) * size);
                    distances(student.values(), teacher.values(), at, end, (float) margin, gradient.values());
                    addSquares(gradient.values(), at, end, squares);
                    multiply((float) (2 * scale), gradient.values(), at, end);
                }
                for (float square : squares) {
                    sums[image] += square;
                }
            }
        });
        return new StudentLoss(scale * Arrays.stream(sums).sum(), gradient);
    }

    // Without a branch, which would go wrong every second time: active is 1 where the teacher's value is positive, be
    // it the
    // smallest there is, else 0.
    private static void distances(
            float[] student, float[] teacher, int from, int end, float margin, float[] distances) {
        for (int i = from; i < end; i++) {
            float active = Math.min(Math.max(teacher[i] * HUGE, 0f) * HUGE, 1f);
            distances[i] =
                    active * Math.min(student[i] - margin, 0f) + (1f - active) * Math.max(student[i] + margin, 0f);
        }
    }

    private static void addSquares(float[] values, int from, int end, float[] squares) {
        for (int i = 0; i < end - from; i++) {
            squares[i] += values[from + i] * values[from + i];
        }
    }

    private static void multiply(float by, float[] values, int from, int end) {
        for (int i = from; i < end; i++) {
            values[i] *= by;
        }
    }
}
