package org.sftn.train.quantity;

import java.io.Serializable;

/**
 * Where the time of training steps went, in seconds, summed over steps and ranks.
 *
 * @param all of the steps, evaluation and checkpoints not counted
 * @param dataWait until the batch was there
 * @param exchange of gradients and weights, the wait for slower ranks included
 */
public record StepTimes(double all, double dataWait, double exchange) implements Serializable {
    public static final StepTimes NONE = new StepTimes(0, 0, 0);

    public StepTimes plus(StepTimes other) {
        return new StepTimes(all + other.all, dataWait + other.dataWait, exchange + other.exchange);
    }

    /** In [0, 1]. */
    public double dataWaitShare() {
        return all == 0 ? 0 : dataWait / all;
    }

    /** In [0, 1]. */
    public double exchangeShare() {
        return all == 0 ? 0 : exchange / all;
    }
}
