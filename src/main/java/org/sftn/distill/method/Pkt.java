package org.sftn.distill.method;

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
 * Probabilistic knowledge transfer (Passalis and Tefas 2018, arXiv 1803.10837): {@code weight / B^2 sum p_t log(p_t / p_s)} over
 * the pairs of the local batch of B images, with {@code p(i, j)} the cosine of the pooled features of i and j, moved to 0 to 1 and
 * divided by the sum over j.
 *
 * <p>A single image gives 0. A student's row of zeros has no direction and gets no gradient.
 */
public record Pkt(double weight) implements DistillationMethod {
    static final String NAME = "pkt";
    private static final String STUDENT_POOLED = STUDENT + Taps.POOLED;
    private static final String TEACHER_POOLED = TEACHER + Taps.POOLED;
    private static final double EPSILON = 1e-7;

    /** {@code distill.pkt}. */
    public record PktSettings(
            @AtLeast(0) double weight, @AtLeast(0) double crossEntropyWeight) {}

    static Recipe bind(Settings all, String path, Pair pair) {
        PktSettings settings = all.bind(path, PktSettings.class);
        return new Recipe(settings.crossEntropyWeight(), Map.of(NAME, new Pkt(settings.weight())), pair);
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
                        values.get(STUDENT_POOLED), values.get(TEACHER_POOLED), context.arithmetic())
                .term(weight, STUDENT_POOLED);
    }

    /**
     * @param student {@code batch x features}
     * @param teacher {@code batch x features}, perhaps of another number
     */
    public static StudentLoss loss(Tensor student, Tensor teacher, Arithmetic arithmetic) {
        int batch = student.batch();
        Directions directions = Directions.of(student);
        double[] s = similarities(directions, batch, arithmetic);
        double[] t = similarities(Directions.of(teacher), batch, arithmetic);
        double[] slope = new double[s.length];
        double value = 0;
        for (int row = 0; row < batch; row++) {
            double sumS = 0;
            double sumT = 0;
            for (int at = row * batch; at < (row + 1) * batch; at++) {
                sumS += s[at];
                sumT += t[at];
            }
            double mean = 0;
            for (int at = row * batch; at < (row + 1) * batch; at++) {
                double p = s[at] / sumS;
                double q = t[at] / sumT;
                value += q * Math.log((q + EPSILON) / (p + EPSILON));
                slope[at] = -q / (p + EPSILON);
                mean += slope[at] * p;
            }
            for (int at = row * batch; at < (row + 1) * batch; at++) {
                // Half: the cosine's range is twice that of the similarity.
                slope[at] = (slope[at] - mean) / (2 * sumS * batch * batch);
            }
        }
        double[] ofDirections = RowProducts.backward(slope, directions.unit(), batch, arithmetic);
        return new StudentLoss(value / (batch * batch), new Tensor(student.shape(), directions.backward(ofDirections)));
    }

    private static double[] similarities(Directions directions, int batch, Arithmetic arithmetic) {
        double[] cosines = RowProducts.gram(directions.unit(), batch, arithmetic);
        for (int i = 0; i < cosines.length; i++) {
            cosines[i] = (cosines[i] + 1) / 2;
        }
        return cosines;
    }

    /** Rows divided by their norms. */
    private record Directions(double[] unit, double[] norms) {
        static Directions of(Tensor tensor) {
            int columns = tensor.shape().dimension(1);
            double[] unit = RowProducts.rows(tensor);
            double[] norms = new double[tensor.batch()];
            for (int row = 0; row < norms.length; row++) {
                double squares = 0;
                for (int at = row * columns; at < (row + 1) * columns; at++) {
                    squares += unit[at] * unit[at];
                }
                norms[row] = Math.sqrt(squares);
                for (int at = row * columns; at < (row + 1) * columns; at++) {
                    unit[at] /= norms[row] + EPSILON;
                }
            }
            return new Directions(unit, norms);
        }

        /** The gradient with respect to the rows from that with respect to {@link #unit}. */
        float[] backward(double[] gradient) {
            float[] result = new float[unit.length];
            int columns = unit.length / norms.length;
            for (int row = 0; row < norms.length; row++) {
                double norm = norms[row];
                if (norm > 0) {
                    double along = 0;
                    for (int at = row * columns; at < (row + 1) * columns; at++) {
                        along += gradient[at] * unit[at];
                    }
                    for (int at = row * columns; at < (row + 1) * columns; at++) {
                        result[at] = (float) (gradient[at] / (norm + EPSILON) - along / norm * unit[at]);
                    }
                }
            }
            return result;
        }
    }
}
