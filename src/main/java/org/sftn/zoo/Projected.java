package org.sftn.zoo;

import static org.sftn.zoo.Architecture.FEATURES;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.sftn.conf.UserException;
import org.sftn.nn.AveragePool;
import org.sftn.nn.Convolution;
import org.sftn.nn.GlobalAveragePool;
import org.sftn.nn.Network;
import org.sftn.nn.Relu;
import org.sftn.nn.Shape;
import org.sftn.nn.Taps;

/**
 * The network that SimKD saves (Chen et al. 2022, arXiv 2203.14001, section 3.2): a student's stem and stages, a projector as one
 * stage more, and a teacher's linear layer behind global pooling. The projector takes the last stage's output, averaged to the
 * resolution of the teacher's last map where that is smaller, and gives as many channels as that map has: 1x1 to half of them, 3x3,
 * 1x1, each convolution with batch-norm and ReLU.
 */
final class Projected {
    static final char PLUS = '+';

    private Projected() {}

    /** @throws UserException when the maps cannot be joined */
    static Architecture of(Architecture student, Architecture teacher) {
        if (student.name().indexOf(PLUS) >= 0) {
            throw new UserException(String.format(
                    Locale.ROOT,
                    "the student %s has a projector and a teacher's classifier already; it cannot get those of %s",
                    student.name(),
                    teacher.name()));
        }
        List<Network> stages = new ArrayList<>(student.stages());
        requirePooling(teacher);
        Shape taught = teacher.network().tapShape(Taps.LAST_MAP);
        Network projector = projector(student, teacher.name(), taught);
        stages.add(projector);
        return new Architecture(
                student.name() + PLUS + teacher.name(),
                student.image(),
                student.classes(),
                student.stem(),
                stages,
                Parts.head(projector.tapShape(Taps.stage(stages.size())), student.classes()),
                Renaming.NONE);
    }

    private static void requirePooling(Architecture teacher) {
        String pooled = teacher.head().tap(Taps.POOLED);
        boolean pools = teacher.head().nodes().stream()
                .anyMatch(node -> node.name().equals(pooled) && node.layer() instanceof GlobalAveragePool);
        if (!pools) {
            throw new UserException(String.format(
                    Locale.ROOT,
                    "no student can take the classifier of the teacher %s: it has more than one linear layer behind its last map",
                    teacher.name()));
        }
    }

    private static Network projector(Architecture student, String teacher, Shape taught) {
        int last = student.stages().size();
        int middle = taught.channels() / 2;
        String prefix = "projector.";
        Network.Builder b = Network.builder();
        String x = b.input(FEATURES, student.stageShape(last));
        int factor = reduction(student, teacher, taught);
        if (factor > 1) {
            x = b.add(prefix + "pool", new AveragePool(factor, factor, 0), x);
        }
        x = Parts.activated(b, prefix, 1, Convolution.same(b.shape(x).channels(), middle, 1, 1), x);
        x = Parts.activated(b, prefix, 2, Convolution.same(middle, middle, 3, 1), x);
        String normed = Parts.normed(b, prefix, 3, Convolution.same(middle, taught.channels(), 1, 1), x);
        return b.tap(Taps.stagePreActivation(last + 1), normed)
                .tap(Taps.stage(last + 1), b.add(prefix + "relu3", new Relu(), normed))
                .build();
    }

    private static int reduction(Architecture student, String teacher, Shape taught) {
        Shape own = student.stageShape(student.stages().size());
        if (own.height() <= taught.height() && own.width() <= taught.width()) {
            return 1;
        }
        int factor = own.height() / taught.height();
        if (own.height() != factor * taught.height() || own.width() != factor * taught.width()) {
            throw new UserException(String.format(
                    Locale.ROOT,
                    "the student %s cannot take the classifier of the teacher %s: its last stage (%s) cannot be averaged to the resolution of the teacher's last map (%s)",
                    student.name(),
                    teacher,
                    own,
                    taught));
        }
        return factor;
    }
}
