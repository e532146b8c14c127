package org.sftn.distill;

import java.io.Serializable;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.sftn.data.Batch;
import org.sftn.nn.Network;
import org.sftn.nn.Tensor;

/**
 * What one method adds to a student's loss, bound to a teacher and a student. It declares what it needs and computes; the
 * objective serves it. Values are named {@code student.TAP}, {@code teacher.TAP} and {@code module.TAP}. Sent to executors.
 */
public interface DistillationMethod extends Serializable {
    String STUDENT = "student.";
    String TEACHER = "teacher.";
    String MODULE = "module.";

    /** The values that {@link #loss} reads. */
    Set<String> needs();

    /**
     * What is trained beside the student and not saved with it (regressors, embeddings), as one network. Its inputs are
     * named as values: {@code student.TAP} trains the student through it, {@code teacher.TAP} is constant.
     */
    default Optional<Network> module() {
        return Optional.empty();
    }

    /**
     * @param values what {@link #needs} names, each {@code batch x shape}; the teacher's are constants, in evaluation mode
     * @param epoch from 0, for warm-ups
     */
    Term loss(Map<String, Tensor> values, Batch batch, int epoch);

    /**
     * @param value mean over the local batch, the method's weight included
     * @param gradients of the value with respect to student and module values
     */
    record Term(double value, Map<String, Tensor> gradients) {}
}
