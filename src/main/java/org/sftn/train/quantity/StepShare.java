package org.sftn.train.quantity;

import java.util.Locale;

/**
 * The table of what a step's time is spent on besides computing. A row is measured in seconds by each rank, joined as its share of
 * all ranks' steps, in [0, 1], and said by all that reports: metrics.csv, TensorBoard, Spark's metrics, status and report pages.
 */
public enum StepShare {
    /** Until the batch was there. */
    DATA_WAIT("waiting for images"),
    /** Of gradients and weights, the wait for slower ranks included. */
    EXCHANGE("exchanging");

    private final String words;

    StepShare(String words) {
        this.words = words;
    }

    /** Its name in files and in metrics. */
    public String column() {
        return name().toLowerCase(Locale.ROOT) + "_share";
    }

    /** What the time is spent on, for people. */
    public String words() {
        return words;
    }
}
