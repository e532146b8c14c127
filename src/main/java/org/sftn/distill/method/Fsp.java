package org.sftn.distill.method;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.sftn.conf.Limit.AtLeast;
import org.sftn.conf.Settings;
import org.sftn.conf.UserException;
import org.sftn.distill.DistillationMethod;
import org.sftn.distill.MethodContext;
import org.sftn.distill.MethodLoss;
import org.sftn.distill.Pair;
import org.sftn.distill.Preliminary;
import org.sftn.distill.Recipe;
import org.sftn.engine.Arithmetic;
import org.sftn.engine.Arithmetic.Matrix;
import org.sftn.nn.Network;
import org.sftn.nn.Shape;
import org.sftn.nn.Taps;
import org.sftn.nn.Tensor;
import org.sftn.train.loss.Gradients;
import org.sftn.zoo.Architecture;

/**
 * Flow of solution procedure (Yim et al. 2017, CVPR, "A Gift from Knowledge Distillation"). A preliminary stage trains the student's
 * stem and stages alone, by {@code sum mean (G(s) - G(t))^2} over consecutive maps of stem and stages; G is the {@code channels x
 * channels} matrix of products of a lower and an upper map, averaged over pixels. The larger of the two is average-pooled first. After
 * that the student is trained by cross-entropy alone, as in RepDistiller (github.com/HobbitLong/RepDistiller).
 */
public record Fsp(Preliminary first) implements DistillationMethod {
    static final String NAME = "fsp";

    /** {@code distill.fsp}. */
    public record FspSettings(@AtLeast(0) double crossEntropyWeight, Preliminary.Schedule preliminary) {}

    static Recipe bind(Settings all, String path, Pair pair) {
        FspSettings settings = all.bind(path, FspSettings.class);
        List<String> student = new ArrayList<>(List.of(STUDENT + Taps.STEM));
        List<String> teacher = new ArrayList<>(List.of(TEACHER + Taps.STEM));
        for (Pair.Stages each : pair.stages()) {
            student.add(STUDENT + Taps.stage(each.student()));
            teacher.add(TEACHER + Taps.stage(each.teacher()));
        }
        requireWidths(pair, student, teacher);
        requireMultiples("student", pair.student(), student, STUDENT);
        requireMultiples("teacher", pair.teacher(), teacher, TEACHER);
        Preliminary first =
                new Preliminary(new Flows(List.copyOf(student), List.copyOf(teacher)), settings.preliminary());
        return new Recipe(settings.crossEntropyWeight(), Map.of(NAME, new Fsp(first)), pair);
    }

    private static void requireWidths(Pair pair, List<String> student, List<String> teacher) {
        Network learning = pair.student().network();
        Network teaching = pair.teacher().network();
        for (int i = 0; i < student.size(); i++) {
            String learnt = student.get(i).substring(STUDENT.length());
            String taught = teacher.get(i).substring(TEACHER.length());
            if (learning.tapShape(learnt).channels()
                    != teaching.tapShape(taught).channels()) {
                throw new UserException(String.format(
                        Locale.ROOT,
                        "%s cannot compare %s of the student %s (%s) with %s of the teacher %s (%s): both need the same number of channels",
                        NAME,
                        learnt,
                        pair.student().name(),
                        learning.tapShape(learnt),
                        taught,
                        pair.teacher().name(),
                        teaching.tapShape(taught)));
            }
        }
    }

    private static void requireMultiples(String role, Architecture architecture, List<String> values, String prefix) {
        Network network = architecture.network();
        for (int i = 1; i < values.size(); i++) {
            String lower = values.get(i - 1).substring(prefix.length());
            String upper = values.get(i).substring(prefix.length());
            Shape bottom = network.tapShape(lower);
            Shape top = network.tapShape(upper);
            if (!MatchedStages.comparable(bottom, top)) {
                throw new UserException(String.format(
                        Locale.ROOT,
                        "%s cannot multiply %s (%s) and %s (%s) of the %s %s: neither resolution is a whole multiple of the other",
                        NAME,
                        lower,
                        bottom,
                        upper,
                        top,
                        role,
                        architecture.name()));
            }
        }
    }

    @Override
    public Set<String> needs() {
        return Set.of();
    }

    @Override
    public Optional<Preliminary> preliminary() {
        return Optional.of(first);
    }

    @Override
    public MethodLoss open(MethodContext context) {
        return (values, batch, epoch) -> new MethodLoss.Term(0, Map.of());
    }

    /**
     * The preliminary stage's loss.
     *
     * @param student its values from the stem up
     * @param teacher the values at the same places
     */
    record Flows(List<String> student, List<String> teacher) implements DistillationMethod {
        @Override
        public Set<String> needs() {
            Set<String> needs = new LinkedHashSet<>(student);
            needs.addAll(teacher);
            return needs;
        }

        @Override
        public MethodLoss open(MethodContext context) {
            return (values, batch, epoch) -> {
                double sum = 0;
                Gradients gradients = new Gradients();
                for (int i = 1; i < student.size(); i++) {
                    Distance found = Distance.of(
                            context.arithmetic(),
                            new Flow(values.get(student.get(i - 1)), values.get(student.get(i))),
                            new Flow(values.get(teacher.get(i - 1)), values.get(teacher.get(i))));
                    sum += found.value();
                    gradients.give(student.get(i - 1), found.gradientOfBottom());
                    gradients.give(student.get(i), found.gradientOfTop());
                }
                return new MethodLoss.Term(sum, gradients.byTap());
            };
        }
    }

    /**
     * Two maps of one network, {@code rows x channels x height x width}, one resolution a whole multiple of the other.
     *
     * @param bottom the earlier one
     */
    public record Flow(Tensor bottom, Tensor top) {
        private Flow pooled(Arithmetic arithmetic) {
            return new Flow(Maps.pooled(arithmetic, bottom, top), Maps.pooled(arithmetic, top, bottom));
        }

        private int channelsOfBottom() {
            return bottom.shape().dimension(1);
        }

        private int channelsOfTop() {
            return top.shape().dimension(1);
        }

        private static Matrix channels(Tensor maps, int image) {
            int pixels = Maps.pixels(maps);
            return new Matrix(maps.values(), image * maps.shape().dimension(1) * pixels, pixels);
        }
    }

    /** The term of one pair of consecutive maps; the gradients are those of the student's maps. */
    public record Distance(double value, Tensor gradientOfBottom, Tensor gradientOfTop) {
        /** @param teacher with the student's numbers of channels */
        public static Distance of(Arithmetic arithmetic, Flow student, Flow teacher) {
            Flow s = student.pooled(arithmetic);
            Flow t = teacher.pooled(arithmetic);
            int lower = s.channelsOfBottom();
            int upper = s.channelsOfTop();
            int batch = s.bottom().batch();
            int pixels = Maps.pixels(s.bottom());
            int taught = Maps.pixels(t.bottom());
            double mean = 1.0 / batch / lower / upper;
            float scale = (float) (2 * mean / pixels);
            Flow gradient = new Flow(
                    arithmetic.tensor(s.bottom().shape()),
                    arithmetic.tensor(s.top().shape()));
            double[] sums = new double[batch];
            arithmetic.split(batch, (from, to) -> {
                Matrix difference = Matrix.of(new float[lower * upper], upper);
                for (int image = from; image < to; image++) {
                    Matrix bottom = Flow.channels(s.bottom(), image);
                    Matrix top = Flow.channels(s.top(), image);
                    arithmetic.multiplyByTransposed(lower, upper, pixels, 1f / pixels, bottom, top, 0, difference);
                    arithmetic.multiplyByTransposed(
                            lower,
                            upper,
                            taught,
                            -1f / taught,
                            Flow.channels(t.bottom(), image),
                            Flow.channels(t.top(), image),
                            1,
                            difference);
                    for (float value : difference.values()) {
                        sums[image] += (double) value * value;
                    }
                    arithmetic.multiply(
                            lower, pixels, upper, scale, difference, top, 0, Flow.channels(gradient.bottom(), image));
                    arithmetic.multiplyTransposed(
                            upper, pixels, lower, scale, difference, bottom, 0, Flow.channels(gradient.top(), image));
                }
            });
            double sum = 0;
            for (double each : sums) {
                sum += each;
            }
            return new Distance(
                    mean * sum,
                    Maps.unpooled(arithmetic, gradient.bottom(), student.bottom()),
                    Maps.unpooled(arithmetic, gradient.top(), student.top()));
        }
    }
}
