package org.sftn.conf;

import java.io.Serializable;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;
import org.sftn.conf.Limit.AtLeast;
import org.sftn.conf.Limit.AtMost;
import org.sftn.conf.Limit.LessThan;
import org.sftn.conf.Limit.MoreThan;

/** {@code training}: see reference.conf for each key. */
public record TrainingSettings(
        @AtLeast(1) int executors,
        @AtLeast(0) int minExecutors,
        @AtLeast(1) int globalBatch,
        @AtLeast(1) int accumulate,
        @AtLeast(1) int epochs,
        @MoreThan(0) double learningRate,
        @AtLeast(0) @LessThan(1) double momentum,
        boolean nesterov,
        @AtLeast(0) double weightDecay,
        boolean decayBatchNormAndBiases,
        @AtLeast(0) @LessThan(1) double labelSmoothing,
        boolean zeroInitResidual,
        Schedule schedule,
        ExchangeKind exchange,
        Wire wire,
        @AtLeast(0) int evaluateEpochs,
        @AtLeast(0) int checkpointIterations,
        @AtLeast(1) int keepCheckpoints,
        @AtLeast(0) Duration progressInterval,
        @AtLeast(1) int attempts,
        @AtLeast(0) Duration retryDelay,
        @MoreThan(0) Duration peerTimeout)
        implements Serializable, Checked {
    @Override
    public void check(String path, Problems problems) {
        if (globalBatch % executors != 0) {
            problems.add(String.format(
                    Locale.ROOT,
                    "%s.global-batch is %d, it must be a multiple of %s.executors, %d",
                    path,
                    globalBatch,
                    path,
                    executors));
        } else if (globalBatch / executors % accumulate != 0) {
            problems.add(String.format(
                    Locale.ROOT,
                    "%s.accumulate is %d, it must divide each executor's share of %s.global-batch, %d images",
                    path,
                    accumulate,
                    path,
                    globalBatch / executors));
        }
        if (minExecutors > executors) {
            problems.add(String.format(
                    Locale.ROOT,
                    "%s.min-executors is %d, it must be at most %s.executors, %d",
                    path,
                    minExecutors,
                    path,
                    executors));
        }
        if (minExecutors > 0 && minExecutors < executors && executorCounts().size() == 1) {
            problems.add(String.format(
                    Locale.ROOT,
                    "%s.min-executors is %d, but no number of executors from there to %d divides %s.global-batch / %s.accumulate, %d",
                    path,
                    minExecutors,
                    executors - 1,
                    path,
                    path,
                    globalBatch / accumulate));
        }
        if (nesterov && momentum == 0) {
            problems.add(String.format(Locale.ROOT, "%s.nesterov is true, it needs %s.momentum above 0", path, path));
        }
        if (wire == Wire.BF16 && exchange == ExchangeKind.BIGDL) {
            problems.add(String.format(
                    Locale.ROOT,
                    "%1$s.wire is bf16, which %1$s.exchange bigdl cannot send; set %1$s.exchange to direct",
                    path));
        }
    }

    /**
     * The most images that one executor computes at once: no more than its share of a data set that is smaller than the batch.
     *
     * @param images for training, over all executors
     */
    public int localBatch(long images) {
        long share = (Math.min(globalBatch, images) + executors - 1) / executors;
        return (int) ((share + accumulate - 1) / accumulate);
    }

    /**
     * With how many executors the run may go on, the most first: those from {@code min-executors} on that divide the batch as {@code
     * executors} do.
     */
    public List<Integer> executorCounts() {
        int fewest = minExecutors == 0 ? executors : minExecutors;
        return IntStream.iterate(executors, count -> count >= fewest, count -> count - 1)
                .filter(this::isDividedBy)
                .boxed()
                .toList();
    }

    private boolean isDividedBy(int count) {
        return globalBatch % count == 0 && globalBatch / count % accumulate == 0;
    }

    /** The same on so many executors, neither more nor fewer. */
    public TrainingSettings on(int executors) {
        return with(executors, executors, epochs, learningRate, schedule);
    }

    /** The same with another multi-step schedule, without warm-up. */
    public TrainingSettings with(int epochs, double learningRate, List<Integer> milestones) {
        Schedule steps = new Schedule(ScheduleKind.MULTI_STEP, milestones, schedule.factor(), 0);
        return with(executors, minExecutors, epochs, learningRate, steps);
    }

    private TrainingSettings with(int executors, int minExecutors, int epochs, double learningRate, Schedule schedule) {
        return new TrainingSettings(
                executors,
                minExecutors,
                globalBatch,
                accumulate,
                epochs,
                learningRate,
                momentum,
                nesterov,
                weightDecay,
                decayBatchNormAndBiases,
                labelSmoothing,
                zeroInitResidual,
                schedule,
                exchange,
                wire,
                evaluateEpochs,
                checkpointIterations,
                keepCheckpoints,
                progressInterval,
                attempts,
                retryDelay,
                peerTimeout);
    }

    /** {@code training.schedule}. */
    public record Schedule(
            ScheduleKind kind,
            @AtLeast(1) List<Integer> milestones,
            @MoreThan(0) @AtMost(1) double factor,
            @AtLeast(0) double warmUpEpochs)
            implements Serializable, Checked {
        @Override
        public void check(String path, Problems problems) {
            if (IntStream.range(1, milestones.size()).anyMatch(i -> milestones.get(i) <= milestones.get(i - 1))) {
                problems.add(String.format(
                        Locale.ROOT, "%s.milestones is %s, each must be later than the one before", path, milestones));
            }
        }
    }

    /** How the learning rate falls. */
    public enum ScheduleKind {
        MULTI_STEP,
        COSINE
    }

    /** What sums the gradients of the executors. */
    public enum ExchangeKind {
        DIRECT,
        BIGDL
    }

    /** What gradients are rounded to on their way between executors. */
    public enum Wire {
        FP32,
        BF16
    }
}
