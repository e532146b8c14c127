package org.sftn.distill.method;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.sftn.conf.Limit.AtLeast;
import org.sftn.conf.Settings;
import org.sftn.data.Batch;
import org.sftn.distill.DistillationMethod;
import org.sftn.distill.MethodContext;
import org.sftn.distill.MethodLoss;
import org.sftn.distill.Pair;
import org.sftn.distill.Recipe;
import org.sftn.nn.Linear;
import org.sftn.nn.Network;
import org.sftn.nn.Shape;
import org.sftn.nn.Taps;
import org.sftn.nn.Tensor;

/**
 * Correlation congruence (Peng et al. 2019, arXiv 1904.01802), as in the authors' code: {@code weight mean_i |e_s - e_t|_i |e_s -
 * e_t|_(i+1)}, products of images that follow each other in the local batch, mean over these. e are trained linear embeddings of
 * the pooled features of both.
 *
 * <p>A single image, which none follows, gives 0.
 *
 * @param student features that the student pools
 * @param teacher likewise
 * @param dimension of the embeddings
 */
public record Cc(double weight, int student, int teacher, int dimension) implements DistillationMethod {
    static final String NAME = "cc";
    private static final String OF_STUDENT = "student";
    private static final String OF_TEACHER = "teacher";

    /** {@code distill.cc}. */
    public record CcSettings(
            @AtLeast(0) double weight,
            @AtLeast(1) int dimension,
            @AtLeast(0) double crossEntropyWeight) {}

    static Recipe bind(Settings all, String path, Pair pair) {
        CcSettings settings = all.bind(path, CcSettings.class);
        Cc method = new Cc(
                settings.weight(),
                pair.student().head().tapShape(Taps.POOLED).elements(),
                pair.teacher().head().tapShape(Taps.POOLED).elements(),
                settings.dimension());
        return new Recipe(settings.crossEntropyWeight(), Map.of(NAME, method), pair);
    }

    @Override
    public Set<String> needs() {
        return Set.of(MODULE + OF_STUDENT, MODULE + OF_TEACHER);
    }

    @Override
    public Optional<Network> module() {
        Network.Builder builder = Network.builder();
        embed(builder, OF_STUDENT, STUDENT + Taps.POOLED, student);
        embed(builder, OF_TEACHER, TEACHER + Taps.POOLED, teacher);
        return Optional.of(builder.build());
    }

    private void embed(Network.Builder builder, String name, String from, int features) {
        String pooled = builder.input(from, Shape.of(features));
        builder.tap(name, builder.add(name, new Linear(features, dimension), pooled));
    }

    @Override
    public List<String> notes(long images, int batch) {
        return List.of(LocalBatch.note(batch));
    }

    @Override
    public MethodLoss open(MethodContext context) {
        return this::loss;
    }

    private MethodLoss.Term loss(Map<String, Tensor> values, Batch batch, int epoch) {
        StudentLoss loss = loss(values.get(MODULE + OF_STUDENT), values.get(MODULE + OF_TEACHER));
        MethodLoss.Term term = loss.term(weight, MODULE + OF_STUDENT);
        Map<String, Tensor> gradients = new HashMap<>(term.gradients());
        gradients.put(MODULE + OF_TEACHER, negative(loss.gradient()));
        return new MethodLoss.Term(term.value(), gradients);
    }

    /**
     * The gradient with respect to the teacher's embedding is the negative of that with respect to the student's.
     *
     * @param student embedding, {@code batch x dimension}
     * @param teacher of the same shape
     */
    public static StudentLoss loss(Tensor student, Tensor teacher) {
        int batch = student.batch();
        int dimension = student.shape().dimension(1);
        Tensor gradient = Tensor.zeros(student.shape());
        double sum = 0;
        int pairs = batch - 1;
        for (int row = 0; row < pairs; row++) {
            for (int at = row * dimension; at < (row + 1) * dimension; at++) {
                int next = at + dimension;
                double one = (double) student.values()[at] - teacher.values()[at];
                double other = (double) student.values()[next] - teacher.values()[next];
                sum += Math.abs(one * other);
                gradient.values()[at] += (float) (Math.signum(one) * Math.abs(other) / pairs);
                gradient.values()[next] += (float) (Math.signum(other) * Math.abs(one) / pairs);
            }
        }
        return new StudentLoss(pairs > 0 ? sum / pairs : 0, gradient);
    }

    private static Tensor negative(Tensor tensor) {
        Tensor negative = Tensor.zeros(tensor.shape());
        for (int i = 0; i < negative.values().length; i++) {
            negative.values()[i] = -tensor.values()[i];
        }
        return negative;
    }
}
