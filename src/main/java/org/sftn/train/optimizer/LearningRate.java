package org.sftn.train.optimizer;

import org.sftn.conf.TrainingSettings;
import org.sftn.conf.TrainingSettings.Schedule;

/** The learning rate of each iteration, a pure function of the settings. */
public final class LearningRate {
    private LearningRate() {}

    /**
     * During the warm-up the scheduled rate is multiplied by {@code (iteration + 1) / warm-up iterations}. Multi-step: {@code
     * rate * factor^m}, m milestones being at or before the iteration's epoch. Cosine: {@code rate * (1 + cos(pi p)) / 2} with
     * p from 0 at the first iteration after the warm-up to 1 after the last.
     *
     * @param iteration from 0, over all epochs
     * @param batches iterations an epoch
     */
    public static double at(TrainingSettings settings, int batches, long iteration) {
        Schedule schedule = settings.schedule();
        double warmUp = schedule.warmUpEpochs() * batches;
        double rate = settings.learningRate() * Math.min(1, warmUp > 0 ? (iteration + 1) / warmUp : 1);
        return switch (schedule.kind()) {
            case MULTI_STEP -> {
                long epoch = iteration / batches;
                long passed =
                        schedule.milestones().stream().filter(m -> m <= epoch).count();
                yield rate * Math.pow(schedule.factor(), passed);
            }
            case COSINE -> {
                double length = (double) settings.epochs() * batches - warmUp;
                double progress = iteration <= warmUp ? 0 : (iteration - warmUp) / length;
                yield rate * (1 + Math.cos(Math.PI * progress)) / 2;
            }
        };
    }
}
