package org.sftn.study;

/**
 * What a mean may be, at a level of confidence.
 *
 * @param low at most {@code high}
 */
public record Interval(double low, double high) {
    /** Where it lies. */
    public enum Side {
        BELOW_ZERO,
        INCLUDES_ZERO,
        ABOVE_ZERO
    }

    public Side side() {
        if (low > 0) {
            return Side.ABOVE_ZERO;
        }
        return high < 0 ? Side.BELOW_ZERO : Side.INCLUDES_ZERO;
    }
}
