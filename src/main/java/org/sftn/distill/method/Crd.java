package org.sftn.distill.method;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.sftn.conf.Limit.AtLeast;
import org.sftn.conf.Limit.LessThan;
import org.sftn.conf.Settings;
import org.sftn.data.Batch;
import org.sftn.data.order.RandomStream;
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
import org.sftn.train.RankLabels;

/**
 * Contrastive representation distillation (Tian et al. 2020, arXiv 1910.10699). The pooled features of both networks are
 * embedded by a linear layer each, both trained, as unit vectors. Two {@link ContrastiveLoss}es are added: the student's vector
 * against the teacher's vectors of the same image and of images of other classes, and the other way round. The vectors of
 * other images come from memory: each executor remembers those of its own images.
 */
public record Crd(
        int student,
        int teacher,
        double weight,
        int negatives,
        double temperature,
        double momentum,
        int dimension,
        Positive positive)
        implements DistillationMethod {
    static final String NAME = "crd";
    private static final String STUDENT_VECTOR = MODULE + "student";
    private static final String TEACHER_VECTOR = MODULE + "teacher";
    private static final double MIB = 1 << 20;

    /** What an image is to be close to. */
    public enum Positive {
        /** What the other network has made of it. */
        EXACT,
        /** What the other network has made of some image of its class. */
        RELAX
    }

    /**
     * {@code distill.crd}.
     *
     * @param temperature not lower, since exp(norm of a row / temperature) must be a float; norms are at most sqrt(3) at first
     */
    public record CrdSettings(
            @AtLeast(0) double weight,
            @AtLeast(0) double crossEntropyWeight,
            @AtLeast(1) int negatives,
            @AtLeast(0.02) double temperature,
            @AtLeast(0) @LessThan(1) double momentum,
            @AtLeast(1) int dimension,
            Positive mode) {}

    static Recipe bind(Settings all, String path, Pair pair) {
        CrdSettings settings = all.bind(path, CrdSettings.class);
        Crd crd = new Crd(
                pair.student().head().tapShape(Taps.POOLED).elements(),
                pair.teacher().head().tapShape(Taps.POOLED).elements(),
                settings.weight(),
                settings.negatives(),
                settings.temperature(),
                settings.momentum(),
                settings.dimension(),
                settings.mode());
        return new Recipe(settings.crossEntropyWeight(), Map.of(NAME, crd), pair);
    }

    @Override
    public Set<String> needs() {
        return Set.of(STUDENT_VECTOR, TEACHER_VECTOR);
    }

    @Override
    public Optional<Network> module() {
        Network.Builder builder = Network.builder();
        String ofStudent = builder.input(STUDENT + Taps.POOLED, Shape.of(student));
        String ofTeacher = builder.input(TEACHER + Taps.POOLED, Shape.of(teacher));
        builder.tap("student", builder.add("student-embedding", new Linear(student, dimension), ofStudent));
        builder.tap("teacher", builder.add("teacher-embedding", new Linear(teacher, dimension), ofTeacher));
        return Optional.of(builder.build());
    }

    @Override
    public List<String> notes(long images, int batch) {
        return List.of(
                String.format(
                        Locale.ROOT,
                        "images are compared with those of other classes on the same executor: at most %d there, n of the noise 1/n",
                        images),
                String.format(
                        Locale.ROOT,
                        "memory on each executor: 2 banks x %d images x %d x 4 bytes = %.1f MiB, and %.1f MiB for %d negatives of %d images",
                        images,
                        dimension,
                        8.0 * images * dimension / MIB,
                        4.0 * batch * negatives / MIB,
                        negatives,
                        batch));
    }

    @Override
    public boolean remembers() {
        return true;
    }

    @Override
    public MethodLoss open(MethodContext context) {
        return new Remembering(this, context);
    }

    private static final class Remembering implements MethodLoss {
        private final Crd crd;
        private final RankLabels shard;
        private final NegativeSampler sampler;
        private final ContrastiveLoss contrast;
        private final MemoryBank studentMemory;
        private final MemoryBank teacherMemory;
        /** Z of the student's and of the teacher's loss; 0 before the first batch. */
        private final float[] normalizers = new float[2];

        Remembering(Crd crd, MethodContext context) {
            this.crd = crd;
            shard = context.shard();
            sampler = new NegativeSampler(shard.labels().get(), shard.batch(), crd.negatives, crd.positive);
            contrast = new ContrastiveLoss(context.arithmetic(), shard.batch(), crd.dimension, crd.temperature);
            studentMemory = MemoryBank.random(shard.indices(), crd.dimension, shard.seed(), 0);
            teacherMemory = MemoryBank.random(shard.indices(), crd.dimension, shard.seed(), 1);
        }

        @Override
        public Term loss(Map<String, Tensor> values, Batch batch, int epoch) {
            int[] rows = Arrays.stream(batch.indices())
                    .mapToInt(index -> Arrays.binarySearch(shard.indices(), index))
                    .toArray();
            RandomStream random = RandomStream.of("crd negatives", shard.seed(), epoch, batch.indices()[0]);
            Negatives negatives = sampler.draw(rows, random);
            UnitVectors students = UnitVectors.of(values.get(STUDENT_VECTOR));
            UnitVectors teachers = UnitVectors.of(values.get(TEACHER_VECTOR));
            ContrastiveLoss.Result ofStudents = against(teacherMemory, students, negatives, 0);
            ContrastiveLoss.Result ofTeachers = against(studentMemory, teachers, negatives, 1);
            studentMemory.follow(rows, students.rows(), crd.momentum);
            teacherMemory.follow(rows, teachers.rows(), crd.momentum);
            return new Term(
                    crd.weight * (ofStudents.value() + ofTeachers.value()),
                    Map.of(
                            STUDENT_VECTOR, gradient(students, ofStudents),
                            TEACHER_VECTOR, gradient(teachers, ofTeachers)));
        }

        private ContrastiveLoss.Result against(
                MemoryBank memory, UnitVectors anchors, Negatives negatives, int normalizer) {
            int images = shard.indices().length;
            if (normalizers[normalizer] == 0) {
                normalizers[normalizer] = (float) contrast.normalizer(anchors.rows(), memory, negatives, images);
            }
            return contrast.of(anchors.rows(), memory, negatives, normalizers[normalizer], images);
        }

        private Tensor gradient(UnitVectors anchors, ContrastiveLoss.Result result) {
            float[] gradient = result.gradient();
            anchors.backward(gradient);
            for (int i = 0; i < gradient.length; i++) {
                gradient[i] *= (float) crd.weight;
            }
            return new Tensor(Shape.of(anchors.norms().length, crd.dimension), gradient);
        }

        @Override
        public Map<String, Tensor> state() {
            Shape bank = Shape.of(shard.indices().length, crd.dimension);
            return Map.of(
                    "student-memory", new Tensor(bank, studentMemory.values()),
                    "teacher-memory", new Tensor(bank, teacherMemory.values()),
                    "normalizers", new Tensor(Shape.of(2), normalizers));
        }

        @Override
        public void restore(Map<String, Tensor> state) {
            state().forEach((name, live) -> {
                float[] saved = state.get(name).values();
                System.arraycopy(saved, 0, live.values(), 0, saved.length);
            });
        }
    }
}
