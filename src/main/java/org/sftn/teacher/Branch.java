package org.sftn.teacher;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;
import org.sftn.conf.UserException;
import org.sftn.nn.BatchNorm;
import org.sftn.nn.Convolution;
import org.sftn.nn.Layer;
import org.sftn.nn.Network;
import org.sftn.nn.Relu;
import org.sftn.nn.Shape;
import org.sftn.nn.TransposedConvolution;
import org.sftn.zoo.Architecture;

/**
 * Where a student branch grows from the teacher: behind a teacher's stage, through a transform layer, into the student's
 * stages that follow a stage of the student (arXiv 2102.07650, section 3.1).
 *
 * @param teacherStage from 1
 * @param studentStage from 1; the branch is what follows it
 */
record Branch(int teacherStage, int studentStage) {
    /** The transform's only input. */
    static final String FEATURES = "features";
    /** The transform's only tap. */
    static final String TRANSFORMED = "transformed";

    /**
     * One branch behind every stage but the last. Equal numbers of stages are matched one to one, others by resolution.
     *
     * @throws UserException naming the stages and shapes that cannot be joined
     */
    static List<Branch> of(Architecture teacher, Architecture student) {
        int stages = teacher.stages().size();
        boolean oneToOne = stages == student.stages().size();
        List<Branch> branches = new ArrayList<>();
        for (int stage = 1; stage < stages; stage++) {
            int match = oneToOne ? stage : lastOfResolution(student, teacher.stageShape(stage));
            if (match > 0) {
                Branch branch = new Branch(stage, match);
                branch.transform(teacher, student);
                branches.add(branch);
            }
        }
        if (branches.isEmpty()) {
            throw new UserException(String.format(
                    Locale.ROOT,
                    "%s cannot grow from %s: no stage before the last of the student (%s) has the resolution of one of the teacher (%s)",
                    student.name(),
                    teacher.name(),
                    shapes(student),
                    shapes(teacher)));
        }
        return branches;
    }

    private static int lastOfResolution(Architecture student, Shape shape) {
        int match = 0;
        for (int stage = 1; stage < student.stages().size(); stage++) {
            Shape own = student.stageShape(stage);
            if (own.height() == shape.height() && own.width() == shape.width()) {
                match = stage;
            }
        }
        return match;
    }

    private static List<Shape> shapes(Architecture architecture) {
        List<Shape> shapes = new ArrayList<>();
        for (int stage = 1; stage <= architecture.stages().size(); stage++) {
            shapes.add(architecture.stageShape(stage));
        }
        return shapes;
    }

    /** T_i: convolution, batch-norm and ReLU from the teacher's shape to the student's. */
    Network transform(Architecture teacher, Architecture student) {
        Shape from = teacher.stageShape(teacherStage);
        Shape to = student.stageShape(studentStage);
        Network.Builder network = Network.builder();
        network.input(FEATURES, from);
        Layer convolution = convolution(from, to)
                .orElseThrow(() -> new UserException(String.format(
                        Locale.ROOT,
                        "a branch of %s cannot grow from stage %d of %s: %s does not become %s by a factor of 1, 2 or 1/2",
                        student.name(),
                        teacherStage,
                        teacher.name(),
                        from,
                        to)));
        network.add("conv", convolution, FEATURES);
        network.add("bn", new BatchNorm(to.channels()), "conv");
        network.add("relu", new Relu(), "bn");
        return network.tap(TRANSFORMED, "relu").build();
    }

    /** The convolution of a transform, when the resolutions are equal or one is twice the other, odd ones rounded up. */
    static Optional<Layer> convolution(Shape from, Shape to) {
        int in = from.channels();
        int out = to.channels();
        Stream<Layer> all = Stream.of(
                Convolution.same(in, out, 3, 1),
                Convolution.same(in, out, 3, 2),
                new TransposedConvolution(in, out, 4, 2, 1));
        return all.filter(layer -> layer.outputShape(List.of(from)).equals(to)).findFirst();
    }
}
