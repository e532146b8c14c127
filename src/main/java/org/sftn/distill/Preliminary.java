package org.sftn.distill;

import java.io.Serializable;
import java.util.List;
import org.sftn.conf.Limit.AtLeast;
import org.sftn.conf.TrainingSettings;

/**
 * A stage before the student's training. It trains what its loss depends on, by its loss alone; the student, and what is frozen
 * behind the teacher, start from what it has made of parameters of their names.
 *
 * @param method bound to the same pair; its module's names are those of the main method's
 */
public record Preliminary(DistillationMethod method, Schedule schedule) implements Serializable {
    /**
     * {@code distill.NAME.preliminary}.
     *
     * @param epochs 0: no such stage
     * @param learningRate 0: {@code training.learning-rate}
     * @param milestones epochs at which it is multiplied by {@code training.schedule.factor}
     */
    public record Schedule(
            @AtLeast(0) int epochs,
            @AtLeast(0) double learningRate,
            @AtLeast(1) List<Integer> milestones) implements Serializable {
        /** Settings of training with this schedule. */
        public TrainingSettings applied(TrainingSettings training) {
            return training.with(epochs, learningRate > 0 ? learningRate : training.learningRate(), milestones);
        }
    }
}
