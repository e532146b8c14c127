package org.sftn.distill;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.sftn.conf.UserException;
import org.sftn.nn.Shape;
import org.sftn.nn.Tensor;
import org.sftn.zoo.Architecture;

/** Who learns from whom. */
public final class Pair {
    /** @param values of parameters and statistics by full name */
    public record Teacher(Architecture architecture, Map<String, Tensor> values) {}

    /**
     * Stages that are compared.
     *
     * @param teacher from 1
     * @param student from 1
     */
    public record Stages(int teacher, int student) implements Serializable {}

    private final Optional<Teacher> teacher;
    private final Architecture student;

    /** @throws UserException when the teacher was trained on other classes or images */
    public Pair(Optional<Teacher> teacher, Architecture student) {
        this.teacher = teacher;
        this.student = student;
        teacher.map(Teacher::architecture).ifPresent(taught -> {
            if (taught.classes() != student.classes() || !taught.image().equals(student.image())) {
                throw new UserException(String.format(
                        Locale.ROOT,
                        "the teacher (%s) cannot teach here: it knows %d classes of images of %s, the data have %d classes of images of %s",
                        taught.name(),
                        taught.classes(),
                        taught.image(),
                        student.classes(),
                        student.image()));
            }
        });
    }

    public Architecture student() {
        return student;
    }

    /** @throws UserException when there is none */
    public Teacher saved() {
        return teacher.orElseThrow(() -> new UserException("this method needs a teacher: distill.teacher is empty"));
    }

    /** @throws UserException when there is none */
    public Architecture teacher() {
        return saved().architecture();
    }

    /**
     * The stages of both, in order: one to one where their numbers are equal, else the last ones of each resolution that both have.
     *
     * @throws UserException naming the shapes when no resolution is in both
     */
    public List<Stages> stages() {
        int count = teacher().stages().size();
        boolean oneToOne = count == student.stages().size();
        List<Stages> pairs = new ArrayList<>();
        for (int stage = 1; stage <= count; stage++) {
            Shape shape = teacher().stageShape(stage);
            boolean last = stage == count || !sameResolution(shape, teacher().stageShape(stage + 1));
            int match = oneToOne ? stage : last ? lastOfResolution(shape) : 0;
            if (match > 0) {
                pairs.add(new Stages(stage, match));
            }
        }
        if (pairs.isEmpty()) {
            throw new UserException(String.format(
                    Locale.ROOT,
                    "%s cannot learn from the stages of %s: no stage of the student (%s) has the resolution of one of the teacher (%s)",
                    student.name(),
                    teacher().name(),
                    shapes(student),
                    shapes(teacher())));
        }
        return pairs;
    }

    private int lastOfResolution(Shape shape) {
        int match = 0;
        for (int stage = 1; stage <= student.stages().size(); stage++) {
            if (sameResolution(student.stageShape(stage), shape)) {
                match = stage;
            }
        }
        return match;
    }

    private static boolean sameResolution(Shape a, Shape b) {
        return a.height() == b.height() && a.width() == b.width();
    }

    private static List<Shape> shapes(Architecture architecture) {
        List<Shape> shapes = new ArrayList<>();
        for (int stage = 1; stage <= architecture.stages().size(); stage++) {
            shapes.add(architecture.stageShape(stage));
        }
        return shapes;
    }
}
