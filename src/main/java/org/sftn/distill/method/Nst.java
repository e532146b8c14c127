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
import org.sftn.engine.Arithmetic.Matrix;
import org.sftn.nn.Tensor;

/**
 * Neuron selectivity transfer (Huang and Wang 2017, arXiv 1707.01219): the squared maximum mean discrepancy between a student's and a
 * teacher's channels, {@code weight sum_stages mean_images [mean k(s,s) + mean k(t,t) - 2 mean k(s,t)]}. A channel is the vector of
 * its pixels, of length 1; the kernel k is the squared scalar product. The maps of the higher resolution are average-pooled first.
 */
public record Nst(double weight, MatchedStages stages) implements DistillationMethod {
    static final String NAME = "nst";
    /** Shorter vectors are divided by this. */
    private static final double SHORTEST = 1e-12;

    /** {@code distill.nst}. */
    public record NstSettings(
            @AtLeast(0) double weight, @AtLeast(0) double crossEntropyWeight) {}

    static Recipe bind(Settings all, String path, Pair pair) {
        NstSettings settings = all.bind(path, NstSettings.class);
        return new Recipe(
                settings.crossEntropyWeight(),
                Map.of(NAME, new Nst(settings.weight(), MatchedStages.of(NAME, pair))),
                pair);
    }

    @Override
    public Set<String> needs() {
        return stages.needs();
    }

    @Override
    public MethodLoss open(MethodContext context) {
        return (values, batch, epoch) ->
                stages.sum(values, (student, teacher) -> discrepancy(context.arithmetic(), weight, student, teacher));
    }

    /**
     * The term of one stage.
     *
     * @param student {@code rows x channels x height x width}
     * @param teacher likewise, of any number of channels, and of a resolution that is a whole multiple or fraction
     */
    public static StudentLoss discrepancy(Arithmetic arithmetic, double weight, Tensor student, Tensor teacher) {
        Tensor s = Maps.pooled(arithmetic, student, teacher);
        Tensor t = Maps.pooled(arithmetic, teacher, student);
        Tensor gradient = arithmetic.tensor(s.shape());
        double[] values = new double[s.batch()];
        arithmetic.split(s.batch(), (from, to) -> {
            Images images = new Images(
                    arithmetic,
                    weight / s.batch(),
                    s.shape().dimension(1),
                    t.shape().dimension(1),
                    Maps.pixels(s));
            Image compute = images.overPixels() ? images::byPixels : images::byChannels;
            for (int image = from; image < to; image++) {
                values[image] = compute.discrepancy(
                        images.channels(s, image), images.channels(t, image), images.channels(gradient, image));
            }
        });
        double sum = 0;
        for (double each : values) {
            sum += each;
        }
        return new StudentLoss(sum, Maps.unpooled(arithmetic, gradient, student));
    }

    @FunctionalInterface
    private interface Image {
        /** @param gradient is written */
        double discrepancy(Matrix student, Matrix teacher, Matrix gradient);
    }

    /**
     * One image after another. With S and T the matrices of channels of length 1, the discrepancy is the squared norm of {@code
     * S'S/cs - T'T/ct}, pixels x pixels, or follows from {@code SS'}, {@code ST'} and {@code TT'}, channels x channels.
     *
     * @param scale of discrepancy and gradient
     * @param cs channels of the student
     * @param ct channels of the teacher
     */
    private record Images(Arithmetic arithmetic, double scale, int cs, int ct, int pixels) {
        Matrix channels(Tensor maps, int image) {
            return new Matrix(maps.values(), image * maps.shape().dimension(1) * pixels, pixels);
        }

        /** Whether products over pixels take fewer operations. */
        boolean overPixels() {
            return (long) pixels * (2 * cs + ct) < 2L * cs * cs + 2L * cs * ct + (long) ct * ct;
        }

        double byPixels(Matrix student, Matrix teacher, Matrix gradient) {
            double[] lengths = new double[cs];
            Matrix s = ofLengthOne(student, cs, lengths);
            Matrix t = ofLengthOne(teacher, ct, new double[ct]);
            Matrix difference = Matrix.of(new float[pixels * pixels], pixels);
            arithmetic.multiplyTransposed(pixels, pixels, cs, 1f / cs, s, s, 0, difference);
            arithmetic.multiplyTransposed(pixels, pixels, ct, -1f / ct, t, t, 1, difference);
            arithmetic.multiply(cs, pixels, pixels, (float) (4 * scale / cs), s, difference, 0, gradient);
            for (int i = 0; i < cs; i++) {
                acrossAndUnscaled(s.values(), i * pixels, lengths[i], gradient.values(), gradient.from() + i * pixels);
            }
            double sum = 0;
            for (float value : difference.values()) {
                sum += (double) value * value;
            }
            return scale * sum;
        }

        private Matrix ofLengthOne(Matrix channels, int count, double[] lengths) {
            float[] scaled = new float[count * pixels];
            for (int i = 0; i < count; i++) {
                int from = channels.from() + i * pixels;
                lengths[i] = Math.sqrt(product(channels.values(), from, channels.values(), from));
                float by = (float) (1 / Math.max(lengths[i], SHORTEST));
                for (int p = 0; p < pixels; p++) {
                    scaled[i * pixels + p] = by * channels.values()[from + p];
                }
            }
            return Matrix.of(scaled, pixels);
        }

        private double product(float[] a, int fromA, float[] b, int fromB) {
            double sum = 0;
            for (int p = 0; p < pixels; p++) {
                sum += (double) a[fromA + p] * b[fromB + p];
            }
            return sum;
        }

        /** Takes the part along the unit vector off the gradient and divides it by the length that the vector had. */
        private void acrossAndUnscaled(float[] unit, int at, double length, float[] gradient, int from) {
            float along = length > SHORTEST ? (float) product(unit, at, gradient, from) : 0;
            float by = (float) (1 / Math.max(length, SHORTEST));
            for (int p = 0; p < pixels; p++) {
                gradient[from + p] = by * (gradient[from + p] - along * unit[at + p]);
            }
        }

        double byChannels(Matrix student, Matrix teacher, Matrix gradient) {
            float[] ss = new float[cs * cs];
            float[] st = new float[cs * ct];
            float[] tt = new float[ct * ct];
            arithmetic.multiplyByTransposed(cs, cs, pixels, 1, student, student, 0, Matrix.of(ss, cs));
            arithmetic.multiplyByTransposed(cs, ct, pixels, 1, student, teacher, 0, Matrix.of(st, ct));
            arithmetic.multiplyByTransposed(ct, ct, pixels, 1, teacher, teacher, 0, Matrix.of(tt, ct));
            double[] byS = inverseLengths(ss, cs);
            double[] byT = inverseLengths(tt, ct);
            double ofOwn = 1.0 / cs / cs;
            double ofOther = 1.0 / cs / ct;
            double sum = 0;
            for (int i = 0; i < cs; i++) {
                double own = times(ss, i, byS[i], byS, 4 * scale * ofOwn);
                double other = times(st, i, byS[i], byT, -4 * scale * ofOther);
                sum += ofOwn * own - 2 * ofOther * other;
                if (byS[i] < 1 / SHORTEST) {
                    double along = 4 * scale * (ofOwn * own - ofOther * other);
                    ss[i * cs + i] -= (float) (along * byS[i] * byS[i]);
                }
            }
            for (int i = 0; i < ct; i++) {
                sum += times(tt, i, byT[i], byT, 0) / ct / ct;
            }
            arithmetic.multiply(cs, pixels, cs, 1, Matrix.of(ss, cs), student, 0, gradient);
            arithmetic.multiply(cs, pixels, ct, 1, Matrix.of(st, ct), teacher, 1, gradient);
            return scale * sum;
        }

        private static double[] inverseLengths(float[] products, int count) {
            double[] inverse = new double[count];
            for (int i = 0; i < count; i++) {
                inverse[i] = 1 / Math.max(Math.sqrt(products[i * count + i]), SHORTEST);
            }
            return inverse;
        }

        /**
         * Makes a row of products of channels what their scaled gradients are to be multiplied by.
         *
         * @return the sum of squared products of the channels of length 1
         */
        private static double times(float[] products, int row, double by, double[] byOthers, double scale) {
            double sum = 0;
            for (int j = 0; j < byOthers.length; j++) {
                int at = row * byOthers.length + j;
                double both = by * byOthers[j];
                double cosine = products[at] * both;
                sum += cosine * cosine;
                products[at] = (float) (scale * cosine * both);
            }
            return sum;
        }
    }
}
