package org.sftn.distill.method;

import java.io.Serializable;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import org.sftn.conf.Limit.AtLeast;
import org.sftn.conf.Limit.AtMost;
import org.sftn.conf.Limit.MoreThan;
import org.sftn.conf.Settings;
import org.sftn.conf.UserException;
import org.sftn.data.Batch;
import org.sftn.distill.DistillationMethod;
import org.sftn.distill.MethodContext;
import org.sftn.distill.MethodLoss;
import org.sftn.distill.Pair;
import org.sftn.distill.Preliminary;
import org.sftn.distill.Recipe;
import org.sftn.distill.Views;
import org.sftn.engine.Arithmetic;
import org.sftn.nn.Network;
import org.sftn.nn.Shape;
import org.sftn.nn.Taps;
import org.sftn.nn.Tensor;
import org.sftn.train.loss.SoftenedKl;

/**
 * Self-supervision knowledge distillation (Xu et al. 2020, arXiv 2006.07114). Both networks see each image plain and rotated
 * by 90, 180 and 270 degrees. Three KL(teacher||student), each times its squared temperature: of the outputs for the plain images,
 * of those for the rotated images, and of the cosines of each rotated image with all plain images of the local batch, which heads on
 * the pooled features make. The last two leave out the rotated images that the teacher gets most wrong.
 *
 * @param student features
 * @param teacher features
 */
public record Sskd(int student, int teacher, Terms terms, Preliminary.Schedule schedule) implements DistillationMethod {
    static final String NAME = "sskd";
    private static final String STUDENT_VECTORS = MODULE + SskdHead.PROJECTION;
    private static final String TEACHER_VECTORS = FROZEN + SskdHead.PROJECTION;

    /**
     * The formula's numbers.
     *
     * @param plain the outputs for plain images
     * @param rotated the outputs for rotated images
     * @param similarity the cosines
     */
    public record Terms(Kl plain, Kl rotated, Kl similarity) implements Serializable {}

    /** @param wrong the share that is kept of the rows that the teacher gets wrong, those with the highest rank of the right answer */
    public record Kl(double weight, double temperature, double wrong) implements Serializable {}

    /** {@code distill.sskd}. */
    public record SskdSettings(
            @AtLeast(0) double weight,
            @MoreThan(0) double temperature,
            @AtLeast(0) double rotatedWeight,
            @MoreThan(0) double rotatedTemperature,
            @AtLeast(0) @AtMost(1) double rotatedWrong,
            @AtLeast(0) double similarityWeight,
            @MoreThan(0) double similarityTemperature,
            @AtLeast(0) @AtMost(1) double similarityWrong,
            @AtLeast(0) double crossEntropyWeight,
            Preliminary.Schedule preliminary) {
        Terms terms() {
            return new Terms(
                    new Kl(weight, temperature, 1),
                    new Kl(rotatedWeight, rotatedTemperature, rotatedWrong),
                    new Kl(similarityWeight, similarityTemperature, similarityWrong));
        }
    }

    static Recipe bind(Settings all, String path, Pair pair) {
        SskdSettings settings = all.bind(path, SskdSettings.class);
        Shape image = pair.student().image();
        if (image.height() != image.width()) {
            throw new UserException(
                    String.format(Locale.ROOT, "sskd turns images by 90 degrees: images of %s are not square", image));
        }
        Sskd sskd = new Sskd(
                pair.student().head().tapShape(Taps.POOLED).elements(),
                pair.teacher().head().tapShape(Taps.POOLED).elements(),
                settings.terms(),
                settings.preliminary());
        return new Recipe(settings.crossEntropyWeight(), Map.of(NAME, sskd), pair);
    }

    @Override
    public Set<String> needs() {
        return Set.of(STUDENT_LOGITS, TEACHER_LOGITS, STUDENT_VECTORS, TEACHER_VECTORS);
    }

    @Override
    public Optional<Network> module() {
        return Optional.of(SskdHead.of("student-head", STUDENT + Taps.POOLED, student));
    }

    @Override
    public Optional<Network> frozen() {
        return Optional.of(SskdHead.ofTeacher(teacher));
    }

    @Override
    public Optional<Preliminary> preliminary() {
        return Optional.of(new Preliminary(new SskdHead(teacher), schedule));
    }

    @Override
    public Views views() {
        return Views.ROTATED;
    }

    @Override
    public List<String> notes(long images, int batch) {
        return List.of(
                LocalBatch.note(batch),
                "both networks see each image four times: a step takes about four times as long");
    }

    @Override
    public MethodLoss open(MethodContext context) {
        return (values, batch, epoch) -> loss(values, batch, context.arithmetic());
    }

    private MethodLoss.Term loss(Map<String, Tensor> values, Batch batch, Arithmetic arithmetic) {
        Result result = of(
                new Outputs(values.get(STUDENT_LOGITS), values.get(STUDENT_VECTORS)),
                new Outputs(values.get(TEACHER_LOGITS), values.get(TEACHER_VECTORS)),
                batch.labels(),
                terms,
                arithmetic);
        return new MethodLoss.Term(
                result.value(),
                Map.of(
                        STUDENT_LOGITS, result.gradients().logits(),
                        STUDENT_VECTORS, result.gradients().vectors()));
    }

    /** Of one network, a row for each image and view, view after view. */
    public record Outputs(Tensor logits, Tensor vectors) {}

    /** @param gradients of the value with respect to the student's outputs */
    public record Result(double value, Outputs gradients) {}

    /** @param labels of the images */
    public static Result of(Outputs student, Outputs teacher, int[] labels, Terms terms, Arithmetic arithmetic) {
        int batch = labels.length;
        int[] rotated = IntStream.range(batch, student.logits().batch()).toArray();
        int[] classes = Arrays.stream(rotated).map(row -> labels[row % batch]).toArray();
        Tensor logits = Tensor.zeros(student.logits().shape());
        double value = add(
                terms.plain(),
                teacher.logits(),
                student.logits(),
                IntStream.range(0, batch).toArray(),
                logits);
        int[] seen =
                kept(rows(teacher.logits(), rotated), classes, terms.rotated().wrong());
        int[] rows = Arrays.stream(seen).map(row -> batch + row).toArray();
        value += add(terms.rotated(), teacher.logits(), student.logits(), rows, logits);

        RotatedSimilarity ofStudent = RotatedSimilarity.of(student.vectors(), arithmetic);
        RotatedSimilarity ofTeacher = RotatedSimilarity.of(teacher.vectors(), arithmetic);
        Tensor cosines = Tensor.zeros(ofStudent.cosines().shape());
        int[] found = kept(
                ofTeacher.cosines(), ofTeacher.targets(), terms.similarity().wrong());
        value += add(terms.similarity(), ofTeacher.cosines(), ofStudent.cosines(), found, cosines);
        return new Result(value, new Outputs(logits, ofStudent.backward(cosines)));
    }

    /**
     * The rows whose answer is right, and the given share of the others, rounded down, those first whose right answer ranks highest.
     * Equal ranks are taken in the order of images, and of views of one image; equal scores rank in the order of answers.
     *
     * @param scores {@code 3 batch x answers}, view after view
     * @param answers the right ones
     * @return ascending
     */
    static int[] kept(Tensor scores, int[] answers, double wrong) {
        int rows = scores.batch();
        int batch = rows / 3;
        int[] ranks = new int[rows];
        int right = 0;
        for (int row = 0; row < rows; row++) {
            ranks[row] = rank(scores, row, answers[row]);
            right += ranks[row] == 0 ? 1 : 0;
        }
        return IntStream.range(0, rows)
                .map(i -> i % 3 * batch + i / 3)
                .boxed()
                .sorted(Comparator.comparingInt(row -> ranks[row]))
                .limit(right + (int) ((rows - right) * wrong))
                .mapToInt(Integer::intValue)
                .sorted()
                .toArray();
    }

    private static int rank(Tensor scores, int row, int answer) {
        int length = scores.shape().dimension(1);
        int at = row * length;
        int rank = 0;
        for (int i = 0; i < length; i++) {
            float ahead = scores.values()[at + i] - scores.values()[at + answer];
            rank += ahead > 0 || ahead == 0 && i < answer ? 1 : 0;
        }
        return rank;
    }

    /** Adds the gradient of the divergence of some rows, and returns its value: 0 for no rows. */
    private static double add(Kl kl, Tensor teacher, Tensor student, int[] rows, Tensor gradient) {
        if (rows.length == 0) {
            return 0;
        }
        SoftenedKl divergence = SoftenedKl.of(rows(teacher, rows), rows(student, rows), kl.temperature());
        int length = student.shape().dimension(1);
        float weight = (float) kl.weight();
        float[] slopes = divergence.gradientOfQ().values();
        for (int i = 0; i < rows.length; i++) {
            for (int j = 0; j < length; j++) {
                gradient.values()[rows[i] * length + j] += weight * slopes[i * length + j];
            }
        }
        return kl.weight() * divergence.value();
    }

    private static Tensor rows(Tensor all, int[] rows) {
        int length = all.shape().dimension(1);
        Tensor some = Tensor.zeros(Shape.of(rows.length, length));
        for (int i = 0; i < rows.length; i++) {
            System.arraycopy(all.values(), rows[i] * length, some.values(), i * length, length);
        }
        return some;
    }
}
