package org.sftn;

import org.sftn.train.quantity.StepQuantity;

/** What runs that compute the same have in common. */
public final class TestMetrics {
    /** Those of {@link StepQuantity}, images per second and seconds. */
    private static final String TIMES = "(?m)(,[^,\n]*){" + (StepQuantity.values().length + 2) + "}$";

    private TestMetrics() {}

    /** Lines of a metrics.csv without the columns that measure time, which are the last ones. */
    public static String withoutTimes(String metrics) {
        return metrics.replaceAll(TIMES, "");
    }
}
