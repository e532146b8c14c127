package org.sftn.distill.method;

import java.util.Arrays;
import java.util.List;
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
import org.sftn.nn.Taps;
import org.sftn.nn.Tensor;

/**
 * Relational knowledge distillation (Park et al. 2019, arXiv 1904.05068): {@code weight (distanceWeight h(d_s, d_t) + angleWeight
 * h(a_s, a_t))} of the pooled features of the local batch of B images. d are the distances of all B^2 pairs divided by the mean
 * of those of two images, a the cosines of the angles of all B^3 triples, h the mean of the smooth L1 loss (Huber's, knee 1).
 *
 * <p>The cosines come from the distances by the law of cosines, so that the loss is one of B^2 squared distances. Two equal rows
 * have the distance 1e-6 and no angle with others, and no gradient between them. A single image gives 0.
 */
public record Rkd(double weight, double distanceWeight, double angleWeight) implements DistillationMethod {
    static final String NAME = "rkd";
    private static final String STUDENT_POOLED = STUDENT + Taps.POOLED;
    private static final String TEACHER_POOLED = TEACHER + Taps.POOLED;
    private static final double EPSILON = 1e-12;

    /** {@code distill.rkd}. */
    public record RkdSettings(
            @AtLeast(0) double weight,
            @AtLeast(0) double distanceWeight,
            @AtLeast(0) double angleWeight,
            @AtLeast(0) double crossEntropyWeight) {}

    static Recipe bind(Settings all, String path, Pair pair) {
        RkdSettings settings = all.bind(path, RkdSettings.class);
        Rkd method = new Rkd(settings.weight(), settings.distanceWeight(), settings.angleWeight());
        return new Recipe(settings.crossEntropyWeight(), Map.of(NAME, method), pair);
    }

    @Override
    public Set<String> needs() {
        return Set.of(STUDENT_POOLED, TEACHER_POOLED);
    }

    @Override
    public List<String> notes(long images, int batch) {
        return List.of(LocalBatch.note(batch));
    }

    @Override
    public MethodLoss open(MethodContext context) {
        return (values, batch, epoch) -> loss(
                        values.get(STUDENT_POOLED),
                        values.get(TEACHER_POOLED),
                        distanceWeight,
                        angleWeight,
                        context.arithmetic())
                .term(weight, STUDENT_POOLED);
    }

    /**
     * @param student {@code batch x features}
     * @param teacher {@code batch x features}, perhaps of another number
     */
    public static StudentLoss loss(
            Tensor student, Tensor teacher, double distanceWeight, double angleWeight, Arithmetic arithmetic) {
        int batch = student.batch();
        double[] rows = RowProducts.rows(student);
        Distances s = Distances.of(rows, batch, arithmetic);
        Distances t = Distances.of(RowProducts.rows(teacher), batch, arithmetic);
        // Of the value with respect to the squared distances of the student; not symmetric.
        double[] slope = new double[batch * batch];
        double value = angles(s, t, angleWeight, slope, arithmetic) + distances(s, t, distanceWeight, slope);
        return new StudentLoss(value, new Tensor(student.shape(), backward(slope, rows, batch, arithmetic)));
    }

    private static double distances(Distances s, Distances t, double weight, double[] slope) {
        int batch = s.batch();
        if (batch == 1) {
            return 0;
        }
        double meanS = s.mean();
        double meanT = t.mean();
        double scale = weight / (batch * batch);
        double value = 0;
        double ofMean = 0;
        for (int at = 0; at < slope.length; at++) {
            double difference = s.length(at) / meanS - t.length(at) / meanT;
            double bent = bent(difference);
            value += scale * bent * (difference - bent / 2);
            ofMean -= scale * bent * s.length(at) / (meanS * meanS);
        }
        int pairs = batch * (batch - 1);
        for (int at = 0; at < slope.length; at++) {
            double bent = bent(s.length(at) / meanS - t.length(at) / meanT);
            slope[at] += (scale * bent / meanS + ofMean / pairs) * s.inverse()[at] / 2;
        }
        return value;
    }

    /**
     * Vertex i, arms j and k: the cosine is {@code (d_ij^2 + d_ik^2 - d_jk^2) / (2 d_ij d_ik)}, the same for j and k exchanged. Row
     * j of the slopes takes all of its arm, so that threads share no sums.
     */
    private static double angles(Distances s, Distances t, double weight, double[] slope, Arithmetic arithmetic) {
        int batch = s.batch();
        double scale = weight / ((double) batch * batch * batch);
        double[] values = new double[batch];
        arithmetic.split(batch, (from, to) -> {
            for (int j = from; j < to; j++) {
                for (int i = 0; i < batch; i++) {
                    values[j] += scale * arms(s, t, i, j, scale, slope);
                }
            }
        });
        return Arrays.stream(values).sum();
    }

    private static double arms(Distances s, Distances t, int i, int j, double scale, double[] slope) {
        int batch = s.batch();
        int atI = i * batch;
        int atJ = j * batch;
        double[] squaredS = s.squared();
        double[] squaredT = t.squared();
        double[] inverseS = s.inverse();
        double[] inverseT = t.inverse();
        double armS = inverseS[atI + j] / 2;
        double armT = inverseT[atI + j] / 2;
        double value = 0;
        double ofDots = 0;
        double ofCosines = 0;
        for (int k = 0; k < batch; k++) {
            double arms = armS * inverseS[atI + k];
            double cosine = (squaredS[atI + j] + squaredS[atI + k] - squaredS[atJ + k]) * arms;
            double taught = (squaredT[atI + j] + squaredT[atI + k] - squaredT[atJ + k]) * armT * inverseT[atI + k];
            double difference = cosine - taught;
            double bent = bent(difference);
            value += bent * (difference - bent / 2);
            slope[atJ + k] -= scale * bent * arms;
            ofDots += bent * arms;
            ofCosines += bent * cosine;
        }
        // d_ij and d_ik alike, hence twice; the lengths of the arms are divided by, hence the second.
        slope[atJ + i] += scale * (2 * ofDots - ofCosines * inverseS[atI + j] * inverseS[atI + j]);
        return value;
    }

    /** The slope b of the smooth L1 loss at a difference d; its value is {@code b (d - b / 2)}. */
    private static double bent(double difference) {
        return Math.max(-1, Math.min(1, difference));
    }

    /** From slopes by squared distances of rows to the rows. */
    private static float[] backward(double[] slope, double[] rows, int batch, Arithmetic arithmetic) {
        // |x_i - x_j|^2 = g_ii + g_jj - 2 g_ij of the gram matrix g.
        double[] ofGram = new double[slope.length];
        for (int i = 0; i < batch; i++) {
            for (int j = 0; j < batch; j++) {
                double each = slope[i * batch + j];
                ofGram[i * batch + j] -= 2 * each;
                ofGram[i * batch + i] += each;
                ofGram[j * batch + j] += each;
            }
        }
        double[] gradient = RowProducts.backward(ofGram, rows, batch, arithmetic);
        float[] result = new float[gradient.length];
        for (int i = 0; i < result.length; i++) {
            result[i] = (float) gradient[i];
        }
        return result;
    }

    /**
     * Of all pairs, {@code batch x batch}.
     *
     * @param inverse of the distance; 0 for equal rows
     */
    private record Distances(int batch, double[] squared, double[] inverse) {
        static Distances of(double[] rows, int batch, Arithmetic arithmetic) {
            double[] gram = RowProducts.gram(rows, batch, arithmetic);
            double[] squared = new double[gram.length];
            double[] inverse = new double[gram.length];
            for (int i = 0; i < batch; i++) {
                for (int j = 0; j < batch; j++) {
                    int at = i * batch + j;
                    squared[at] = gram[i * batch + i] + gram[j * batch + j] - 2 * gram[at];
                    inverse[at] = squared[at] < EPSILON ? 0 : 1 / Math.sqrt(squared[at]);
                }
            }
            return new Distances(batch, squared, inverse);
        }

        double length(int at) {
            return at / batch == at % batch ? 0 : Math.sqrt(Math.max(squared[at], EPSILON));
        }

        /** Over pairs of two images. */
        double mean() {
            double sum = 0;
            for (int at = 0; at < squared.length; at++) {
                sum += length(at);
            }
            return sum / (batch * (batch - 1));
        }
    }
}
