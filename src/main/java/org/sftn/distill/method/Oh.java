package org.sftn.distill.method;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
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
import org.sftn.nn.Add;
import org.sftn.nn.BatchNorm;
import org.sftn.nn.Convolution;
import org.sftn.nn.Network;
import org.sftn.nn.Shape;
import org.sftn.nn.Taps;
import org.sftn.nn.Tensor;

/**
 * The overhaul of feature distillation (Heo et al. 2019, arXiv 1904.01866): {@code weight / loss-divisor sum_l 2^-(m-l) mean_images sum
 * (r(s) - u)^2}, stage l of m, over the values at which {@code u > 0} or {@code r(s) > u}. Both sides are taken before a stage's last
 * ReLU. The regressor r is a 1x1 convolution and batch-norm; it is trained. {@code u = max(t, margin)} is
 * the paper's margin ReLU, and the distance its partial L2; a channel's margin is the mean
 * of what the ReLU takes away of a normal distribution with the mean and standard deviation that the last batch-norm gives it.
 *
 * <p>The teacher is in evaluation mode, as in mdistiller (github.com/megvii-research/mdistiller); the authors' code
 * (github.com/clovaai/overhaul-distillation) lets its batch-norm use the statistics of the batch. The teacher's maps are
 * average-pooled, or their values repeated, to the student's resolution.
 */
public record Oh(double weight, double lossDivisor, List<Stage> stages, Network connectors)
        implements DistillationMethod {
    static final String NAME = "oh";
    private static final String CONNECTED = ".connected";
    /** Above this share of values below 0 their mean is the margin. */
    private static final double SHARE = 1e-3;
    /** Beyond, the normal distribution is 0 or 1 in double precision. */
    private static final double TAIL = 8;

    /** @param margins one for each channel of the teacher's stage */
    record Stage(int teacher, Tensor margins) implements Serializable {
        String connected() {
            return MODULE + Taps.stage(teacher) + CONNECTED;
        }

        String taught() {
            return TEACHER + Taps.stagePreActivation(teacher);
        }
    }

    /** {@code distill.oh}. */
    public record OhSettings(
            @AtLeast(0) double weight,
            @AtLeast(0) double crossEntropyWeight,
            @MoreThan(0) double lossDivisor) {}

    static Recipe bind(Settings all, String path, Pair pair) {
        OhSettings settings = all.bind(path, OhSettings.class);
        Network student = pair.student().network();
        Network teacher = pair.teacher().network();
        List<Stage> stages = new ArrayList<>();
        Network.Builder connectors = Network.builder();
        for (Pair.Stages each : MatchedStages.of(NAME, pair).stages()) {
            String tap = Taps.stagePreActivation(each.teacher());
            stages.add(new Stage(each.teacher(), margins(pair, tap)));
            String source = Taps.stagePreActivation(each.student());
            Shape shape = student.tapShape(source);
            int width = teacher.tapShape(tap).channels();
            String prefix = Taps.stage(each.teacher()) + ".";
            String x = connectors.input(STUDENT + source, shape);
            x = connectors.add(prefix + "conv", Convolution.same(shape.channels(), width, 1, 1), x);
            x = connectors.add(prefix + "bn", new BatchNorm(width), x);
            connectors.tap(Taps.stage(each.teacher()) + CONNECTED, x);
        }
        Oh method = new Oh(settings.weight(), settings.lossDivisor(), List.copyOf(stages), connectors.build());
        return new Recipe(settings.crossEntropyWeight(), Map.of(NAME, method), pair);
    }

    private static Tensor margins(Pair pair, String tap) {
        String batchNorm = batchNorm(pair.teacher().network(), tap)
                .orElseThrow(() -> new UserException(String.format(
                        Locale.ROOT,
                        "%s cannot learn from the teacher %s: no one batch-norm makes its %s, so it has no margins",
                        NAME,
                        pair.teacher().name(),
                        tap)));
        Map<String, Tensor> values = pair.saved().values();
        float[] scales = values.get(batchNorm + ".weight").values();
        float[] means = values.get(batchNorm + ".bias").values();
        Tensor margins = Tensor.zeros(Shape.of(scales.length));
        for (int channel = 0; channel < scales.length; channel++) {
            margins.values()[channel] = (float) margin(scales[channel], means[channel]);
        }
        return margins;
    }

    /** The batch-norm whose output is the tap, or is summed with a shortcut to it; the owner of its values. */
    private static Optional<String> batchNorm(Network network, String tap) {
        Network.Node made = node(network, network.tap(tap)).orElseThrow();
        if (made.layer() instanceof BatchNorm) {
            return Optional.of(made.owner());
        }
        if (!(made.layer() instanceof Add)) {
            return Optional.empty();
        }
        // A batch-norm that others use too ends an earlier block: the shortcut.
        return made.inputs().stream()
                .filter(input -> users(network, input) == 1)
                .flatMap(input -> node(network, input).stream())
                .filter(node -> node.layer() instanceof BatchNorm)
                .findFirst()
                .map(Network.Node::owner);
    }

    private static Optional<Network.Node> node(Network network, String name) {
        return network.nodes().stream().filter(node -> node.name().equals(name)).findFirst();
    }

    private static long users(Network network, String value) {
        return network.nodes().stream()
                .filter(node -> node.inputs().contains(value))
                .count();
    }

    /**
     * The mean of the values below 0 of a normal distribution; where they are hardly any, 3 standard deviations below 0.
     *
     * @param scale its sign does not count
     */
    public static double margin(double scale, double mean) {
        double deviation = Math.abs(scale);
        double z = -mean / deviation;
        double share = normal(z);
        return share > SHARE ? mean - deviation * density(z) / share : -3 * deviation;
    }

    private static double density(double z) {
        return Math.exp(-z * z / 2) / Math.sqrt(2 * Math.PI);
    }

    /** The distribution function of the standard normal: 1/2 + density (z + z^3/3 + z^5/15 + ...). */
    private static double normal(double z) {
        if (Math.abs(z) > TAIL) {
            return z > 0 ? 1 : 0;
        }
        double sum = 0;
        double term = z;
        for (int i = 3; Math.abs(term) > Math.ulp(sum); i += 2) {
            sum += term;
            term *= z * z / i;
        }
        return 0.5 + density(z) * sum;
    }

    @Override
    public Set<String> needs() {
        Set<String> needs = new LinkedHashSet<>();
        for (Stage each : stages) {
            needs.add(each.connected());
            needs.add(each.taught());
        }
        return needs;
    }

    @Override
    public Optional<Network> module() {
        return Optional.of(connectors);
    }

    @Override
    public MethodLoss open(MethodContext context) {
        return (values, batch, epoch) -> {
            double sum = 0;
            Map<String, Tensor> gradients = new HashMap<>();
            for (int i = 0; i < stages.size(); i++) {
                Stage each = stages.get(i);
                Tensor connected = values.get(each.connected());
                double share = weight / lossDivisor / connected.batch() / (1L << (stages.size() - 1 - i));
                StudentLoss found =
                        partialL2(context.arithmetic(), share, connected, values.get(each.taught()), each.margins());
                sum += found.value();
                gradients.put(each.connected(), found.gradient());
            }
            return new MethodLoss.Term(sum, gradients);
        };
    }

    /**
     * {@code weight} times the sum over all values of one stage.
     *
     * @param connected {@code rows x channels x height x width}
     * @param teacher likewise, or of a resolution that is a whole multiple or fraction
     * @param margins one for each channel, below 0
     */
    public static StudentLoss partialL2(
            Arithmetic arithmetic, double weight, Tensor connected, Tensor teacher, Tensor margins) {
        Tensor t = Maps.repeated(arithmetic, Maps.pooled(arithmetic, teacher, connected), connected);
        int channels = connected.shape().dimension(1);
        int pixels = Maps.pixels(connected);
        Tensor gradient = arithmetic.tensor(connected.shape());
        double[] sums = new double[connected.batch()];
        arithmetic.split(connected.batch(), (from, to) -> {
            float[] differences = gradient.values();
            for (int i = from * channels; i < to * channels; i++) {
                int end = (i + 1) * pixels;
                counted(connected.values(), t.values(), margins.values()[i % channels], i * pixels, end, differences);
                sums[i / channels] += squares(differences, i * pixels, end);
                scale((float) (2 * weight), differences, i * pixels, end);
            }
        });
        double sum = 0;
        for (double each : sums) {
            sum += each;
        }
        return new StudentLoss(weight * sum, gradient);
    }

    // Without branches, which random signs would make slow. Where u > 0 any difference counts: the lower bound is
    // beyond all
    // of them; elsewhere it is 0. An infinite factor would make NaN of u = 0.
    private static void counted(float[] s, float[] t, float margin, int from, int to, float[] differences) {
        for (int i = from; i < to; i++) {
            float u = Math.max(t[i], margin);
            float bound = Math.min(0f, -Float.MAX_VALUE * u);
            differences[i] = Math.max(s[i] - u, bound);
        }
    }

    private static double squares(float[] values, int from, int to) {
        double sum = 0;
        for (int i = from; i < to; i++) {
            sum += (double) values[i] * values[i];
        }
        return sum;
    }

    private static void scale(float by, float[] values, int from, int to) {
        for (int i = from; i < to; i++) {
            values[i] *= by;
        }
    }
}
