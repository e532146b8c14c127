package org.sftn.distill;

import java.io.Serializable;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.sftn.nn.Network;
import org.sftn.nn.Taps;

/**
 * What one method adds to a student's loss, bound to a teacher and a student. It declares what it needs and computes; the
 * objective serves it. Values are named {@code student.TAP}, {@code teacher.TAP}, {@code module.TAP} and {@code frozen.TAP}.
 * Sent to executors.
 */
public interface DistillationMethod extends Serializable {
    String STUDENT = "student.";
    String TEACHER = "teacher.";
    String MODULE = "module.";
    String FROZEN = "frozen.";
    String STUDENT_LOGITS = STUDENT + Taps.LOGITS;
    String TEACHER_LOGITS = TEACHER + Taps.LOGITS;

    /** The values that {@link MethodLoss#loss} reads. */
    Set<String> needs();

    /**
     * What is trained beside the student and not saved with it (regressors, embeddings), as one network. Its inputs are
     * named as values: {@code student.TAP} trains the student through it, {@code teacher.TAP} is constant.
     */
    default Optional<Network> module() {
        return Optional.empty();
    }

    /**
     * What stands behind the teacher and is frozen like it, in evaluation mode; its inputs are {@code teacher.TAP}. Its values are
     * those that the preliminary stage has given to modules of the same names.
     */
    default Optional<Network> frozen() {
        return Optional.empty();
    }

    /** What is trained before the student. */
    default Optional<Preliminary> preliminary() {
        return Optional.empty();
    }

    /** What teacher and student see of each image. */
    default Views views() {
        return Views.PLAIN;
    }

    /**
     * What a user should know at the start, a line each: memory, and which batch a relation between images sees.
     *
     * @param images of one executor, at most
     * @param batch local, at most
     */
    default List<String> notes(long images, int batch) {
        return List.of();
    }

    /** Whether its {@link MethodLoss#state} is not empty. */
    default boolean remembers() {
        return false;
    }

    /** On an executor. */
    MethodLoss open(MethodContext context);
}
