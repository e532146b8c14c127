package org.sftn.study.report;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.DoubleStream;

/**
 * The scale of one direction of a plot.
 *
 * @param low the value at its start
 * @param high at its end, above {@code low}
 */
record Axis(double low, double high, List<Mark> marks) {
    private static final double[] STEPS = {1, 2, 5, 10};

    Axis {
        marks = List.copyOf(marks);
    }

    /** A value that is written at the axis. */
    record Mark(double at, String label) {}

    /**
     * From one round number to another.
     *
     * @param values that it shows; those that are not finite are left out
     * @param intervals between marks, about
     */
    static Axis of(DoubleStream values, int intervals) {
        double[] finite = values.filter(Double::isFinite).sorted().toArray();
        double low = finite.length == 0 ? 0 : finite[0];
        double high = finite.length == 0 ? 1 : finite[finite.length - 1];
        if (high - low <= Math.abs(high) * 1e-9) {
            double around = low == 0 ? 1 : Math.abs(low) / 10;
            low -= around;
            high += around;
        }
        double step = step((high - low) / intervals);
        double first = Math.floor(low / step);
        double last = Math.ceil(high / step);
        List<Mark> marks = new ArrayList<>();
        for (double number = first; number <= last; number++) {
            marks.add(new Mark(number * step, Numbers.plain(number * step)));
        }
        return new Axis(first * step, last * step, marks);
    }

    /** From the least to the greatest value itself, with marks at round numbers. */
    static Axis tight(DoubleStream values, int intervals) {
        double[] all = values.filter(Double::isFinite).toArray();
        Axis round = of(DoubleStream.of(all), intervals);
        double low = DoubleStream.of(all).min().orElse(round.low());
        double high = DoubleStream.of(all).max().orElse(round.high());
        if (low == high) {
            return round;
        }
        return new Axis(
                low,
                high,
                round.marks().stream()
                        .filter(mark -> mark.at() >= low && mark.at() <= high)
                        .toList());
    }

    /** Values that are not numbers, at equal distances: the first is 0, the second 1. */
    static Axis of(List<String> labels) {
        List<Mark> marks = new ArrayList<>();
        for (int at = 0; at < labels.size(); at++) {
            marks.add(new Mark(at, labels.get(at)));
        }
        return new Axis(-0.5, labels.size() - 0.5, marks);
    }

    private static double step(double least) {
        double power = Math.pow(10, Math.floor(Math.log10(least)));
        for (double step : STEPS) {
            if (step * power >= least * (1 - 1e-9)) {
                return step * power;
            }
        }
        return STEPS[STEPS.length - 1] * power;
    }

    /** Where a value lies between two ends in the plot. */
    double place(double value, double start, double end) {
        return start + (value - low) / (high - low) * (end - start);
    }
}
