package org.sftn.distill;

import java.io.Serializable;
import java.util.Map;
import java.util.Set;
import org.sftn.data.Batch;
import org.sftn.nn.Network;
import org.sftn.nn.Tensor;

/**
 * The part of a distillation loss that one method adds to cross-entropy and to the softened KL term, bound to a teacher and a
 * student. It declares what it needs and computes; it is sent to the executors.
 */
public interface DistillationMethod extends Serializable {
    /** Taps of the frozen teacher, in evaluation mode, that {@link #loss} reads. */
    Set<String> teacherTaps();

    /** Taps of the student that {@link #loss} reads or {@link #module} joins. */
    Set<String> studentTaps();

    /**
     * Modules that are trained beside the student and not saved with it, as one network: its inputs are named as the
     * student's taps, its taps are seen by {@link #loss}. Null when there is nothing to train.
     */
    default Network module() {
        return null;
    }

    /**
     * @param student the student's taps, and the module's taps under {@code module.}
     * @param teacher the teacher's taps; constants
     * @param epoch from 0, for warm-ups
     */
    Term loss(Map<String, Tensor> student, Map<String, Tensor> teacher, Batch batch, int epoch);

    /**
     * @param value mean over the batch, weight included
     * @param gradients with respect to entries of {@code student}
     */
    record Term(double value, Map<String, Tensor> gradients) {}
}
