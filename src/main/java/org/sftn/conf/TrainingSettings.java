package org.sftn.conf;

import java.io.Serializable;
import java.time.Duration;
import java.util.List;

/** {@code training}: see reference.conf for each key. */
public record TrainingSettings(
        int executors,
        int globalBatch,
        int epochs,
        double learningRate,
        double momentum,
        boolean nesterov,
        double weightDecay,
        Schedule schedule,
        ExchangeKind exchange,
        int evaluateEpochs,
        int checkpointIterations,
        int keepCheckpoints,
        Duration progressInterval,
        int attempts,
        Duration peerTimeout)
        implements Serializable {
    /** {@code training.schedule}. */
    public record Schedule(ScheduleKind kind, List<Integer> milestones, double factor, double warmUpEpochs) implements Serializable {}

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
}
