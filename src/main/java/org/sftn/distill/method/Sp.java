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
import org.sftn.engine.Arithmetic.Matrix;
import org.sftn.nn.Taps;
import org.sftn.nn.Tensor;
import org.sftn.zoo.Architecture;

/**
 * Similarity-preserving distillation (Tung and Mori 2019, arXiv 1907.09682): {@code weight / B^2 |G_t - G_s|^2} of the local batch of
 * B images. G is the {@code B x B} matrix of the products of the last stage's maps, each row divided by its norm. A row
 * of norm 0 has no gradient of its own.
 */
public record Sp(double weight, String student, String teacher) implements DistillationMethod {
    static final String NAME = "sp";
    private static final double EPSILON = 1e-12;

    /** {@code distill.sp}. */
    public record SpSettings(
            @AtLeast(0) double weight, @AtLeast(0) double crossEntropyWeight) {}

    static Recipe bind(Settings all, String path, Pair pair) {
        SpSettings settings = all.bind(path, SpSettings.class);
        Sp method = new Sp(settings.weight(), STUDENT + lastStage(pair.student()), TEACHER + lastStage(pair.teacher()));
        return new Recipe(settings.crossEntropyWeight(), Map.of(NAME, method), pair);
    }

    private static String lastStage(Architecture architecture) {
        return Taps.stage(architecture.stages().size());
    }

    @Override
    public Set<String> needs() {
        return Set.of(student, teacher);
    }

    @Override
    public List<String> notes(long images, int batch) {
        return List.of(LocalBatch.note(batch));
    }

    @Override
    public MethodLoss open(MethodContext context) {
        return (values, batch, epoch) -> loss(values.get(student), values.get(teacher), context.arithmetic())
                .term(weight, student);
    }

    /**
     * @param student {@code batch x ...}
     * @param teacher {@code batch x ...}, perhaps of another shape
     */
    public static StudentLoss loss(Tensor student, Tensor teacher, Arithmetic arithmetic) {
        int batch = student.batch();
        float[] s = products(student, arithmetic);
        float[] t = products(teacher, arithmetic);
        float[] slope = new float[s.length];
        double value = 0;
        for (int row = 0; row < batch; row++) {
            double normS = norm(s, row, batch);
            double normT = norm(t, row, batch);
            double along = 0;
            for (int at = row * batch; at < (row + 1) * batch; at++) {
                double difference = s[at] / normS - t[at] / normT;
                value += difference * difference;
                along += difference * s[at] / normS;
            }
            for (int at = row * batch; normS > EPSILON && at < (row + 1) * batch; at++) {
                double difference = s[at] / normS - t[at] / normT;
                slope[at] = (float) (2 * (difference - along * s[at] / normS) / (normS * batch * batch));
            }
        }
        return new StudentLoss(value / (batch * batch), backward(slope, student, arithmetic));
    }

    private static double norm(float[] matrix, int row, int columns) {
        double squares = 0;
        for (int at = row * columns; at < (row + 1) * columns; at++) {
            squares += (double) matrix[at] * matrix[at];
        }
        return Math.max(Math.sqrt(squares), EPSILON);
    }

    private static float[] products(Tensor maps, Arithmetic arithmetic) {
        int batch = maps.batch();
        int size = maps.values().length / batch;
        Matrix rows = Matrix.of(maps.values(), size);
        float[] products = new float[batch * batch];
        Matrix result = Matrix.of(products, batch);
        arithmetic.split(
                batch,
                (from, to) -> arithmetic.multiplyByTransposed(
                        to - from, batch, size, 1, rows.fromRow(from), rows, 0, result.fromRow(from)));
        return products;
    }

    private static Tensor backward(float[] slope, Tensor maps, Arithmetic arithmetic) {
        int batch = maps.batch();
        int size = maps.values().length / batch;
        // A product is of two rows: each has the other's part.
        float[] both = new float[slope.length];
        for (int i = 0; i < batch; i++) {
            for (int j = 0; j < batch; j++) {
                both[i * batch + j] = slope[i * batch + j] + slope[j * batch + i];
            }
        }
        Matrix rows = Matrix.of(maps.values(), size);
        Tensor gradient = arithmetic.tensor(maps.shape());
        Matrix result = Matrix.of(gradient.values(), size);
        arithmetic.split(
                batch,
                (from, to) -> arithmetic.multiply(
                        to - from,
                        size,
                        batch,
                        1,
                        Matrix.of(both, batch).fromRow(from),
                        rows,
                        0,
                        result.fromRow(from)));
        return gradient;
    }
}
