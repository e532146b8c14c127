package org.sftn.distill;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.sftn.conf.Limit.AtLeast;
import org.sftn.conf.Settings;
import org.sftn.conf.UserException;
import org.sftn.engine.Arithmetic;
import org.sftn.nn.Add;
import org.sftn.nn.AveragePool;
import org.sftn.nn.BatchNorm;
import org.sftn.nn.ChannelSlice;
import org.sftn.nn.Concat;
import org.sftn.nn.Convolution;
import org.sftn.nn.Gate;
import org.sftn.nn.Network;
import org.sftn.nn.Shape;
import org.sftn.nn.Sigmoid;
import org.sftn.nn.Taps;
import org.sftn.nn.Tensor;
import org.sftn.nn.Upsample;
import org.sftn.train.loss.AdaptivePool;

/**
 * Knowledge review (Chen et al. 2021, arXiv 2104.09044): from the pooled value and the last stage to the first, each level of the
 * student is fused with all deeper ones and compared with the teacher's at several scales.
 *
 * <p>A level's map gets the common width by a 1x1 convolution with batch-norm; the fused map of the level before is brought to its
 * resolution (nearest neighbour), and both are added, each weighted pixel by pixel by a gate in 0 to 1 that a 1x1 convolution makes of
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
        BEFORE_RELU
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
            taught.put(Taps.stage(stages.student()), TEACHER + Taps.stageBeforeRelu(stages.teacher()));
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
            x = normed("pooled.conv1", 1, width, x);
            return compared(Taps.POOLED, teacher.tapShape(Taps.POOLED).channels(), x);
        }

        private String level(Pair.Stages stages, String deeper) {
            String name = Taps.stage(stages.student());
            String tap = studentMaps == StudentMaps.AFTER_RELU ? name : Taps.stageBeforeRelu(stages.student());
            Shape target = teacher.tapShape(Taps.stageBeforeRelu(stages.teacher()));
            String own = normed(name + ".conv1", 1, width, b.input(STUDENT + tap, student.tapShape(tap)));
            String other = resized(name + ".deeper", deeper, b.shape(own), stages);
            String gates = b.add(name + ".concat", new Concat(), own, other);
            gates = b.add(
                    name + ".attention", Convolution.same(2 * width, 2, 1, 1).withBias(), gates);
            gates = b.add(name + ".sigmoid", new Sigmoid(), gates);
            String fused = b.add(
                    name + ".add",
                    new Add(),
                    gated(name + ".gate1", own, gates, 0),
                    gated(name + ".gate2", other, gates, 1));
            return compared(name, target.channels(), resized(name + ".resized", fused, target, stages));
        }

        private String gated(String name, String map, String gates, int channel) {
            return b.add(name, new Gate(), map, b.add(name + ".slice", new ChannelSlice(channel, 1), gates));
        }

        /** Taps what is compared with the teacher's map. */
        private String compared(String name, int channels, String fused) {
            b.tap(name, normed(name + ".conv2", 3, channels, fused));
            return fused;
        }

        private String normed(String name, int kernel, int channels, String input) {
            Convolution convolution = Convolution.same(b.shape(input).channels(), channels, kernel, 1);
            return b.add(name + ".bn", new BatchNorm(channels), b.add(name, convolution, input));
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
                // The nearest neighbour: of each window its first value.
                return b.add(name, new AveragePool(1, down, 0), map);
            }
            throw new UserException(
                    "reviewkd cannot fuse stage %d of %s with what is deeper, to be compared with stage %d of %s (%s): %dx%d does not become %dx%d by a whole factor"
                            .formatted(
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
    public MethodLoss open(Place place) {
        return (values, batch, epoch) -> loss(values, epoch, place.arithmetic());
    }

    private MethodLoss.Term loss(Map<String, Tensor> values, int epoch, Arithmetic arithmetic) {
        double now = weight * warmUp(epoch);
        double value = 0;
        Map<String, Tensor> gradients = new HashMap<>();
        for (String tap : fusion.taps().keySet()) {
            Tensor student = values.get(MODULE + tap);
            Tensor teacher =
                    new Tensor(student.shape(), values.get(taught.get(tap)).values());
            Context context = Context.of(student, teacher, now, arithmetic);
            value += context.value();
            gradients.put(MODULE + tap, context.gradient());
        }
        return new MethodLoss.Term(value, gradients);
    }

    /** The share of the weight in an epoch: it grows linearly to all in the last epoch of the warm-up. */
    private double warmUp(int epoch) {
        return warmUpEpochs == 0 ? 1 : Math.min(1, (epoch + 1.0) / warmUpEpochs);
    }

    /**
     * Hierarchical context: the weighted mean of the mean squared errors of two maps, with weight 1, and of their averages over grids
     * of 4x4, 2x2 and 1x1 cells. Of the grids, those with at least as many rows as the map are left out; the first that is not has
     * weight 1/2, each one more half of that.
     *
     * @param gradient of the value with respect to the student's map
     */
    public record Context(double value, Tensor gradient) {
        private static final List<Integer> CELLS = List.of(4, 2, 1);

        /**
         * @param student {@code batch x channels x height x width}
         * @param teacher of the same shape
         * @param weight of the value
         */
        public static Context of(Tensor student, Tensor teacher, double weight, Arithmetic arithmetic) {
            Shape shape = student.shape();
            List<AdaptivePool> grids = CELLS.stream()
                    .filter(cells -> cells < shape.dimension(2))
                    .map(cells -> new AdaptivePool(shape.dimension(2), shape.dimension(3), cells, cells))
                    .toList();
            double all = 0;
            for (int scale = 0; scale <= grids.size(); scale++) {
                all += Math.scalb(1.0, -scale);
            }
            double[] scales = new double[grids.size() + 1];
            scales[0] = weight / all / student.values().length;
            for (int g = 0; g < grids.size(); g++) {
                int cells = grids.get(g).rows() * grids.get(g).columns();
                scales[g + 1] = weight / all * Math.scalb(1.0, -1 - g) / (student.batch() * shape.dimension(1) * cells);
            }
            Tensor gradient = Tensor.zeros(shape);
            double[] values = new double[student.batch()];
            arithmetic.split(student.batch(), (from, to) -> {
                Image image = new Image(shape, grids, scales);
                for (int b = from; b < to; b++) {
                    values[b] = image.value(student.values(), teacher.values(), b, gradient.values());
                }
            });
            return new Context(Arrays.stream(values).sum(), gradient);
        }

        /** What one thread works with. */
        private static final class Image {
            private final int channels;
            private final int pixels;
            private final List<AdaptivePool> grids;
            private final double[] scales;
            private final float[] squares;
            private final float[] row;
            private final List<float[]> cells;

            Image(Shape shape, List<AdaptivePool> grids, double[] scales) {
                this.channels = shape.dimension(1);
                this.pixels = shape.dimension(2) * shape.dimension(3);
                this.grids = grids;
                this.scales = scales;
                this.squares = new float[pixels];
                this.row = new float[shape.dimension(3)];
                this.cells = grids.stream()
                        .map(grid -> new float[grid.rows() * grid.columns()])
                        .toList();
            }

            double value(float[] student, float[] teacher, int image, float[] gradient) {
                Arrays.fill(squares, 0);
                double[] sums = new double[scales.length];
                for (int c = 0; c < channels; c++) {
                    int from = (image * channels + c) * pixels;
                    subtract(student, teacher, from, squares, gradient);
                    for (int g = 0; g < grids.size(); g++) {
                        grids.get(g).pool(gradient, from, row, cells.get(g), 0);
                        sums[g + 1] += sumOfSquares(cells.get(g));
                    }
                    scale((float) (2 * scales[0]), gradient, from, pixels);
                    for (int g = 0; g < grids.size(); g++) {
                        grids.get(g).spread((float) (2 * scales[g + 1]), cells.get(g), 0, row, gradient, from);
                    }
                }
                for (float square : squares) {
                    sums[0] += square;
                }
                double value = 0;
                for (int i = 0; i < sums.length; i++) {
                    value += scales[i] * sums[i];
                }
                return value;
            }

            private static void subtract(float[] a, float[] b, int from, float[] squares, float[] difference) {
                for (int p = 0; p < squares.length; p++) {
                    float d = a[from + p] - b[from + p];
                    difference[from + p] = d;
                    squares[p] += d * d;
                }
            }

            private static void scale(float by, float[] values, int from, int count) {
                for (int p = from; p < from + count; p++) {
                    values[p] *= by;
                }
            }

            private static double sumOfSquares(float[] values) {
                double sum = 0;
                for (float value : values) {
                    sum += (double) value * value;
                }
                return sum;
            }
        }
    }
}
