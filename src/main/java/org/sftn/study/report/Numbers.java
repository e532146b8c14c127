package org.sftn.study.report;

import java.math.BigDecimal;
import java.math.MathContext;
import java.util.Locale;
import java.util.function.Function;
import org.sftn.study.Group;
import org.sftn.study.Interval;
import org.sftn.study.SeedSample;

/** Numbers as people read them. */
final class Numbers {
    /** For a number that there is none of. */
    static final String NONE = "–";

    private static final String MINUS = "−";
    private static final int PLAIN_DIGITS = 7;

    private Numbers() {}

    /** A share in [0, 1] in per cent, without the sign. */
    static String percent(double share) {
        return fixed(100 * share, 2);
    }

    /** The same of a sample, with its deviation if it has one. */
    static String percent(SeedSample share) {
        return withDeviation(percent(share.mean()), percent(share.deviation()));
    }

    static String fixed(SeedSample sample, int decimals) {
        return withDeviation(fixed(sample.mean(), decimals), fixed(sample.deviation(), decimals));
    }

    private static String withDeviation(String mean, String deviation) {
        return deviation.equals(NONE) ? mean : mean + " ± " + deviation;
    }

    /** A difference of shares in percentage points, with its sign. */
    static String points(double difference) {
        String text = percent(difference);
        return difference > 0 ? "+" + text : text;
    }

    static String points(Interval interval) {
        return String.format(Locale.ROOT, "[%s, %s]", points(interval.low()), points(interval.high()));
    }

    /** In percentage points, with its interval if it has one. */
    static String gain(SeedSample gain) {
        return points(gain.mean())
                + gain.interval().map(interval -> " " + points(interval)).orElse("");
    }

    /**
     * When a group's students first reach a top-1, and how many of them if it is not all.
     *
     * @param top1 in [0, 1]; if it is not a number, there is nothing to reach
     */
    static String reached(Group group, double top1, Function<Group.Reached, String> when) {
        if (!Double.isFinite(top1) || group.curve().isEmpty()) {
            return NONE;
        }
        Group.Reached reached = group.reached(top1);
        int count = reached.epochs().count();
        if (count == 0) {
            return "not reached";
        }
        int all = group.cells().size();
        String text = when.apply(reached);
        return count == all ? text : String.format(Locale.ROOT, "%s (%d of %d)", text, count, all);
    }

    static String fixed(double value, int decimals) {
        return Double.isFinite(value)
                ? String.format(Locale.ROOT, "%." + decimals + "f", value).replace("-", MINUS)
                : NONE;
    }

    static String whole(long value) {
        return String.format(Locale.ROOT, "%,d", value).replace("-", MINUS);
    }

    /** As short as it can be with four digits, such as for the marks of an axis. */
    static String plain(double value) {
        if (!Double.isFinite(value)) {
            return NONE;
        }
        BigDecimal rounded = new BigDecimal(value).round(new MathContext(4)).stripTrailingZeros();
        boolean isLong =
                Math.abs(rounded.scale()) > PLAIN_DIGITS || rounded.precision() - rounded.scale() > PLAIN_DIGITS;
        return (isLong ? rounded.toString() : rounded.toPlainString()).replace("-", MINUS);
    }
}
