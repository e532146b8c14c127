package org.sftn.train;

import java.io.Serializable;
import org.apache.hadoop.fs.Path;
import org.apache.spark.util.SerializableConfiguration;
import org.jspecify.annotations.Nullable;
import org.sftn.conf.DataSettings.Damaged;
import org.sftn.conf.PrepareSettings.Store;
import org.sftn.conf.TrainingSettings;
import org.sftn.data.image.Preprocessing;
import org.sftn.train.checkpoint.Checkpoint;

/**
 * What the ranks of one attempt need to know; sent to every executor once.
 *
 * @param attempt unique among all attempts
 * @param service the driver's, for this attempt
 * @param exchangeId for BigDL's blocks, unique among all attempts, as are the next few numbers
 * @param secret that the ranks know each other by
 * @param cores that a rank has
 * @param from where to go on; null for the beginning
 * @param checkpoints the folder
 */
record AttemptPlan(
        String attempt,
        String service,
        long exchangeId,
        byte[] secret,
        int cores,
        Objective objective,
        EngineSource engines,
        TrainingSettings training,
        Data data,
        long seed,
        @Nullable Checkpoint from,
        Path checkpoints,
        SerializableConfiguration hadoop)
        implements Serializable {
    /**
     * @param trainImages over all ranks
     * @param memoryBytes for the stored pixels of one rank
     * @param shuffleBuffer images of a stream
     * @param decodeThreads 0 for a share of the cores
     */
    record Data(
            Preprocessing preprocessing,
            long trainImages,
            long memoryBytes,
            int shuffleBuffer,
            int decodeThreads,
            Damaged damaged)
            implements Serializable {}

    private static final int CORES_A_DECODER = 16;

    /** Threads of a rank that make batches. */
    int decodeThreads() {
        if (data.preprocessing().store() == Store.PIXELS) {
            return 1;
        }
        return data.decodeThreads() > 0 ? data.decodeThreads() : Math.max(1, cores / CORES_A_DECODER);
    }

    /** Cores that are left for the engine. To make batches of pixels takes too little to be counted. */
    int engineCores() {
        return data.preprocessing().store() == Store.PIXELS ? cores : Math.max(1, cores - decodeThreads());
    }

    long firstIteration() {
        return from == null ? 0 : from.iterations();
    }

    int localBatch() {
        return training.localBatch(data.trainImages());
    }
}
