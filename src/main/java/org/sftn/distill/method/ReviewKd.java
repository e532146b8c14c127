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
import org.sftn.conf.Limit.AtLeast;
import org.sftn.conf.Settings;
import org.sftn.conf.UserException;
import org.sftn.distill.DistillationMethod;
import org.sftn.distill.MethodContext;
import org.sftn.distill.MethodLoss;
import org.sftn.distill.Pair;
import org.sftn.distill.Recipe;
import org.sftn.engine.Arithmetic;
import org.sftn.nn.Add;
import org.sftn.nn.AveragePool;
import org.sftn.nn.BatchNorm;
import org.sftn.nn.ChannelSlice;
import org.sftn.nn.Convolution;
import org.sftn.nn.Network;
import org.sftn.nn.Shape;
import org.sftn.nn.Sigmoid;
import org.sftn.nn.SpatialAttention;
import org.sftn.nn.Taps;
import org.sftn.nn.Tensor;
import org.sftn.nn.Upsample;

/**
 * Knowledge review (Chen et al. 2021, arXiv 2104.09044): from the pooled value and the last stage to the first, each level of the
 * student is fused with all deeper ones and compared with the teacher's at several scales.
 *
 * <p>A level's map gets the common width by a 1x1 convolution with batch-norm; the fused map of the level before is brought to its
 * resolution (nearest neighbor), and both are added, each weighted pixel by pixel by a gate in 0 to 1 that a 1x1 convolution makes of
 * the two together. What this gives goes on to the next level, and through a 3x3 convolution with batch-norm to the teacher's width.
 * The common width is that of the pooled value, at most 512. The teacher's maps are taken before their stage's last ReLU.
 *
 * @param fusion with a tap {@code stageN} for each of the student's stages and {@code pooled}
 * @param taught the teacher's value for each tap
 */
public record ReviewKd(double weight, int warmUpEpochs, Network fusion, Map<String, String> taught)
        implements DistillationMethod {
    static final String NAME = "reviewkd";
    private static final int WIDEST = 512;

    public ReviewKd {
        taught = Map.copyOf(taught);
    }

    /** Which maps of the student are fused. */
    public enum StudentMaps {
        AFTER_RELU,
        PRE_ACTIVATION
    }

    /** {@code distill.reviewkd}. */
    public record ReviewKdSettings(
            @AtLeast(0) double weight,
            StudentMaps studentMaps,
            @AtLeast(0) int warmUpEpochs,
            @AtLeast(0) double crossEntropyWeight) {}

    static Recipe bind(Settings all, String path, Pair pair) {
        ReviewKdSettings settings = all.bind(path, ReviewKdSettings.class);
        Map<String, String> taught = new HashMap<>();
        taught.put(Taps.POOLED, TEACHER + Taps.POOLED);
        for (Pair.Stages stages : pair.stages()) {
            taught.put(Taps.stage(stages.student()), TEACHER + Taps.stagePreActivation(stages.teacher()));
        }
        Network fusion = new Fusion(pair, settings.studentMaps()).network();
        return new Recipe(
                settings.crossEntropyWeight(),
                Map.of(NAME, new ReviewKd(settings.weight(), settings.warmUpEpochs(), fusion, taught)),
                pair);
    }

    /** Builds the modules from the deepest level to the first. */
    private static final class Fusion {
        private final Pair pair;
        private final StudentMaps studentMaps;
        private final Network student;
        private final Network teacher;
        private final int width;
        private final Network.Builder b = Network.builder();

        Fusion(Pair pair, StudentMaps studentMaps) {
            this.pair = pair;
            this.studentMaps = studentMaps;
            this.student = pair.student().network();
            this.teacher = pair.teacher().network();
            this.width = Math.min(WIDEST, student.tapShape(Taps.POOLED).channels());
        }

        Network network() {
            String fused = pooled();
            List<Pair.Stages> stages = new ArrayList<>(pair.stages());
            for (int i = stages.size() - 1; i >= 0; i--) {
                fused = level(stages.get(i), fused);
            }
            return b.build();
        }

        private String pooled() {
            Shape last = student.tapShape(Taps.LAST_MAP);
            String x = b.input(STUDENT + Taps.LAST_MAP, last);
            x = b.add("pooled.pool", new AveragePool(last.height(), last.height(), 0), x);
            x = normed(Taps.POOLED, 1, Convolution.same(last.channels(), width, 1, 1), x);
            return compared(Taps.POOLED, teacher.tapShape(Taps.POOLED).channels(), x);
        }

        private String level(Pair.Stages stages, String deeper) {
            String name = Taps.stage(stages.student());
            String tap = studentMaps == StudentMaps.AFTER_RELU ? name : Taps.stagePreActivation(stages.student());
            Shape target = teacher.tapShape(Taps.stagePreActivation(stages.teacher()));
            Shape from = student.tapShape(tap);
            String own = normed(name, 1, Convolution.same(from.channels(), width, 1, 1), b.input(STUDENT + tap, from));
            String other = resized(name + ".deeper", deeper, b.shape(own), stages);
            String ofOwn = b.add(name + ".attention1", attention().withBias(), own);
            String ofOther = b.add(name + ".attention2", attention(), deeper);
            ofOther = resized(name + ".attention2.resized", ofOther, b.shape(own), stages);
            String gates = b.add(name + ".attention", new Add(), ofOwn, ofOther);
            gates = b.add(name + ".sigmoid", new Sigmoid(), gates);
            String fused = b.add(
                    name + ".add",
                    new Add(),
                    gated(name + ".gate1", own, gates, 0),
                    gated(name + ".gate2", other, gates, 1));
            return compared(name, target.channels(), resized(name + ".resized", fused, target, stages));
        }

        // Of the two maps together, as the sum of one for each, so that no map of twice the channels is made and the
        // deeper one is
        // taken at its own resolution.
        private Convolution attention() {
            return Convolution.same(width, 2, 1, 1).startingFrom(Convolution.Start.UNIFORM);
        }

        private String gated(String name, String map, String gates, int channel) {
            return b.add(
                    name, new SpatialAttention(), map, b.add(name + ".slice", new ChannelSlice(channel, 1), gates));
        }

        /** Taps what is compared with the teacher's map. */
        private String compared(String name, int channels, String fused) {
            b.tap(name, normed(name, 2, Convolution.same(width, channels, 3, 1), fused));
            return fused;
        }

        private String normed(String level, int number, Convolution convolution, String input) {
            String x = b.add(level + ".conv" + number, convolution, input);
            return b.add(level + ".bn" + number, new BatchNorm(convolution.out()), x);
        }

        private String resized(String name, String map, Shape to, Pair.Stages stages) {
            Shape from = b.shape(map);
            if (from.height() == to.height() && from.width() == to.width()) {
                return map;
            }
            int up = to.height() / from.height();
            if (to.height() == up * from.height() && to.width() == up * from.width()) {
                return b.add(name, new Upsample(up), map);
            }
            int down = from.height() / to.height();
            if (from.height() == down * to.height() && from.width() == down * to.width()) {
                // The nearest neighbor: of each window its first value.
                return b.add(name, new AveragePool(1, down, 0), map);
            }
            throw new UserException(String.format(
                    Locale.ROOT,
                    "reviewkd cannot fuse stage %d of the student %s and compare it with stage %d of the teacher %s (%s): %dx%d does not become %dx%d by a whole factor",
                    stages.student(),
                    pair.student().name(),
                    stages.teacher(),
                    pair.teacher().name(),
                    pair.teacher().stageShape(stages.teacher()),
                    from.height(),
                    from.width(),
                    to.height(),
                    to.width()));
        }
    }

    @Override
    public Set<String> needs() {
        Set<String> needs = new HashSet<>(taught.values());
        taught.keySet().forEach(tap -> needs.add(MODULE + tap));
        return needs;
    }

    @Override
    public Optional<Network> module() {
        return Optional.of(fusion);
    }

    @Override
    public MethodLoss open(MethodContext context) {
        return (values, batch, epoch) -> loss(values, epoch, context.arithmetic());
    }

    private MethodLoss.Term loss(Map<String, Tensor> values, int epoch, Arithmetic arithmetic) {
        double now = weight * warmUp(epoch);
        double value = 0;
        Map<String, Tensor> gradients = new HashMap<>();
        for (String tap : fusion.taps().keySet()) {
            Tensor student = values.get(MODULE + tap);
            Tensor teacher =
                    new Tensor(student.shape(), values.get(taught.get(tap)).values());
            StudentLoss found = context(arithmetic, now, student, teacher);
            value += found.value();
            gradients.put(MODULE + tap, found.gradient());
        }
        return new MethodLoss.Term(value, gradients);
    }

    /** The share of the weight in an epoch: it grows linearly to all in the last epoch of the warm-up. */
    private double warmUp(int epoch) {
        return warmUpEpochs == 0 ? 1 : Math.min(1, (epoch + 1.0) / warmUpEpochs);
    }

    /**
     * Hierarchical context: {@code weight} times the weighted mean of the mean squared errors of two maps, with weight 1, and of their
     * averages over grids of 4x4, 2x2 and 1x1 cells. Grids with no fewer rows than the map are left out; of the others the first has
     * weight 1/2, each one more half of that.
     *
     * @param student {@code rows x channels x height x width}
     * @param teacher of the same shape
     */
    public static StudentLoss context(Arithmetic arithmetic, double weight, Tensor student, Tensor teacher) {
        Shape shape = student.shape();
        List<Grid> grids = Grid.of(shape);
        double all = 0;
        for (int scale = 0; scale <= grids.size(); scale++) {
            all += Math.scalb(1.0, -scale);
        }
        double[] scales = new double[grids.size() + 1];
        scales[0] = weight / all / student.values().length;
        for (int g = 0; g < grids.size(); g++) {
            int cells = student.batch() * shape.dimension(1) * grids.get(g).cells();
            scales[g + 1] = weight / all * Math.scalb(1.0, -1 - g) / cells;
        }
        Tensor gradient = arithmetic.tensor(shape);
        double[] values = new double[student.batch()];
        arithmetic.split(student.batch(), (from, to) -> {
            Image image = new Image(shape, grids, scales);
            for (int b = from; b < to; b++) {
                values[b] = image.value(student.values(), teacher.values(), b, gradient.values());
            }
        });
        return new StudentLoss(Arrays.stream(values).sum(), gradient);
    }

    /** @param fine whether it averages the cells of the grid before it, which gives the same and is faster, or the map */
    private record Grid(AdaptivePool pool, boolean fine) {
        static List<Grid> of(Shape maps) {
            int height = maps.dimension(2);
            int width = maps.dimension(3);
            List<Grid> grids = new ArrayList<>();
            int before = 0;
            for (int cells : List.of(4, 2, 1)) {
                if (cells < height) {
                    boolean fine = before > 0 && height % before == 0 && width % before == 0;
                    grids.add(new Grid(
                            fine
                                    ? new AdaptivePool(before, before, cells, cells)
                                    : new AdaptivePool(height, width, cells, cells),
                            fine));
                    before = cells;
                }
            }
            return grids;
        }

        int cells() {
            return pool.rows() * pool.columns();
        }
    }

    /** What one thread works with. */
    private static final class Image {
        private static final int STRIP = 1024;

        private final int channels;
        private final int size;
        private final List<Grid> grids;
        private final double[] scales;
        private final float[] squares = new float[STRIP];
        private final List<float[]> cells;

        Image(Shape shape, List<Grid> grids, double[] scales) {
            this.channels = shape.dimension(1);
            this.size = channels * shape.dimension(2) * shape.dimension(3);
            this.grids = grids;
            this.scales = scales;
            this.cells = grids.stream()
                    .map(grid -> new float[channels * grid.cells()])
                    .toList();
        }

        double value(float[] student, float[] teacher, int image, float[] gradient) {
            int from = image * size;
            Arrays.fill(squares, 0);
            for (int at = from; at < from + size; at += STRIP) {
                int end = Math.min(at + STRIP, from + size);
                subtract(student, teacher, at, end, gradient);
                addSquares(gradient, at, end, squares);
            }
            double value = 0;
            for (float square : squares) {
                value += scales[0] * square;
            }
            for (int g = 0; g < grids.size(); g++) {
                Grid grid = grids.get(g);
                if (grid.fine()) {
                    grid.pool().pool(cells.get(g - 1), 0, channels, cells.get(g), 0);
                } else {
                    grid.pool().pool(gradient, from, channels, cells.get(g), 0);
                }
                for (float cell : cells.get(g)) {
                    value += scales[g + 1] * cell * cell;
                }
            }
            scale((float) (2 * scales[0]), gradient, from, size);
            for (int g = 0; g < grids.size(); g++) {
                scale((float) (2 * scales[g + 1]), cells.get(g), 0, cells.get(g).length);
            }
            for (int g = grids.size() - 1; g >= 0; g--) {
                Grid grid = grids.get(g);
                if (grid.fine()) {
                    grid.pool().spread(cells.get(g), 0, channels, cells.get(g - 1), 0);
                } else {
                    grid.pool().spread(cells.get(g), 0, channels, gradient, from);
                }
            }
            return value;
        }

        private static void subtract(float[] a, float[] b, int from, int end, float[] difference) {
            for (int i = from; i < end; i++) {
                difference[i] = a[i] - b[i];
            }
        }

        private static void addSquares(float[] values, int from, int end, float[] squares) {
            for (int i = 0; i < end - from; i++) {
                squares[i] += values[from + i] * values[from + i];
            }
        }

        private static void scale(float by, float[] values, int from, int count) {
            for (int i = from; i < from + count; i++) {
                values[i] *= by;
            }
        }
    }
}
