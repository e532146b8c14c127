package org.sftn.train.progress;

import java.io.Serializable;
import org.jspecify.annotations.Nullable;
import org.sftn.train.checkpoint.Checkpoint;
import org.sftn.train.exchange.Rendezvous;
import org.sftn.train.platform.Platform;
import org.sftn.train.quantity.EvaluationSums;
import org.sftn.train.quantity.StepSums;
import org.sftn.train.quantity.Tally;

/** What a rank tells the driver. */
public sealed interface RankReport extends Serializable {
    int rank();

    /** It listens; the answer is all ranks' {@link Rendezvous.Address addresses}, when all have come. */
    record Here(int rank, String executor, Rendezvous.Address address) implements RankReport {}

    /** It waits for the others; the answer comes when all wait. */
    record AtBarrier(int rank) implements RankReport {}

    /**
     * Since its last report.
     *
     * @param iterations done in all
     */
    record Trained(int rank, long iterations, double learningRate, Tally tally, StepSums steps) implements RankReport {}

    /**
     * An epoch is over.
     *
     * @param epochs done in all
     * @param iterations done in all
     * @param learningRate of the last iteration
     * @param tally of the whole epoch
     * @param timedImages those of the epoch that this attempt has trained, over this rank
     * @param steps in which it has
     * @param evaluation after the epoch; null when there was none
     */
    record EpochDone(
            int rank,
            int epochs,
            long iterations,
            double learningRate,
            Tally tally,
            long timedImages,
            StepSums steps,
            @Nullable EvaluationSums evaluation)
            implements RankReport {}

    /** Its part of a checkpoint is written. */
    record Saved(int rank, long iterations, int epochs, Checkpoint.File file) implements RankReport {}

    /**
     * Its network is compiled.
     *
     * @param platform engine, precision and the order must be the same on all ranks
     */
    record Compiled(int rank, Platform platform, String parameterOrder) implements RankReport {}

    /**
     * Numbers are not finite any more.
     *
     * @param what which, and when
     */
    record Diverged(int rank, String what) implements RankReport {}

    /** It found a mistake of the user; trying again is useless. */
    record Refused(int rank, String message) implements RankReport {}

    /**
     * Something of its own broke; a peer's failure is not reported.
     *
     * @param storage whether a file could not be read or written
     */
    record Broken(int rank, String stackTrace, boolean storage) implements RankReport {}

    /**
     * The end.
     *
     * @param evaluation of the last weights
     * @param images trained by this rank in this attempt
     * @param seconds that took
     */
    record Finished(int rank, EvaluationSums evaluation, long images, double seconds) implements RankReport {}
}
