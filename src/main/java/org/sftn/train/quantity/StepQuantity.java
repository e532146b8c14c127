package org.sftn.train.quantity;

import java.util.Locale;

/**
 * The table of what is measured of training steps besides loss and accuracy. Each rank measures a row in each step. It is joined over the
 * steps and ranks of an interval or an epoch, and said by all that reports: metrics.csv, TensorBoard, Spark's metrics, status, report pages.
 */
public enum StepQuantity {
    /** Until the batch was there; in seconds. */
    DATA_WAIT_SHARE(Join.SHARE_OF_TIME, "Waiting for images, % of the time", "% of the time waiting for images"),
    /** Of gradients and weights, the wait for slower ranks included; in seconds. */
    EXCHANGE_SHARE(Join.SHARE_OF_TIME, "Exchanging, % of the time", "% of the time exchanging"),
    /** What a step takes. */
    STEP_MILLISECONDS(Join.MEAN, "Step, ms", "ms per step"),
    /** Likewise, the one that took longest. */
    LONGEST_STEP_MILLISECONDS(Join.LARGEST, "Longest step, ms", "ms the longest step");

    /** How the values of several steps and ranks become one. */
    private enum Join {
        /** Seconds are summed, and divided by those of all steps: in [0, 1]. */
        SHARE_OF_TIME,
        MEAN,
        LARGEST
    }

    private final Join join;
    private final String title;
    private final String words;

    /**
     * @param title for a report, with the unit
     * @param words for people, behind the number
     */
    StepQuantity(Join join, String title, String words) {
        this.join = join;
        this.title = title;
        this.words = words;
    }

    /** Its name in files and in metrics. */
    public String column() {
        return name().toLowerCase(Locale.ROOT);
    }

    public String title() {
        return title;
    }

    public boolean isShareOfTime() {
        return join == Join.SHARE_OF_TIME;
    }

    /** @param value joined */
    public String text(double value) {
        return isShareOfTime()
                ? String.format(Locale.ROOT, "%.0f %s", 100 * value, words)
                : String.format(Locale.ROOT, "%.1f %s", value, words);
    }

    double plus(double one, double other) {
        return join == Join.LARGEST ? Math.max(one, other) : one + other;
    }

    double joined(double sum, long steps, double seconds) {
        return switch (join) {
            case SHARE_OF_TIME -> sum / seconds;
            case MEAN -> sum / steps;
            case LARGEST -> sum;
        };
    }
}
