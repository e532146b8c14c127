package org.sftn.study.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.sftn.study.Group;
import org.sftn.study.Interval;
import org.sftn.study.SeedSample;
import org.sftn.study.report.DotPlot.Dot;
import org.sftn.study.report.Page.Figure;

/**
 * What is measured of students.
 *
 * @param name with its unit
 * @param scale by which the numbers are multiplied for the unit
 */
record Measure(String name, Function<Group, SeedSample> of, Function<SeedSample, String> format, double scale) {
    private static final int AXIS_INTERVALS = 4;

    boolean isThere(Group group) {
        return of.apply(group).count() > 0;
    }

    String text(Group group) {
        return format.apply(of.apply(group));
    }

    /** Means of all groups that have it, with one deviation to either side. */
    Figure figure(StudyNames names, List<Group> groups) {
        List<Group> there = groups.stream().filter(this::isThere).toList();
        List<DotPlot.Row> rows = new ArrayList<>();
        StudyNames.by(there, names::label)
                .forEach((label, row) -> rows.add(new DotPlot.Row(
                        label, row.stream().map(group -> dot(names, group)).toList())));
        List<Double> ends = new ArrayList<>();
        rows.stream().flatMap(row -> row.dots().stream()).forEach(dot -> {
            ends.add(dot.value());
            if (dot.interval() != null) {
                ends.addAll(List.of(dot.interval().low(), dot.interval().high()));
            }
        });
        String words = there.stream()
                .map(group -> String.format(Locale.ROOT, "%s, %s", names.label(group), words(group)))
                .collect(Collectors.joining("; "));
        return new Figure(
                name,
                String.format(Locale.ROOT, "Means with one standard deviation to either side. %s.", words),
                new DotPlot(Axis.of(ends.stream().mapToDouble(Double::doubleValue), AXIS_INTERVALS), name, rows));
    }

    private Dot dot(StudyNames names, Group group) {
        SeedSample sample = of.apply(group);
        double mean = scale * sample.mean();
        double spread = scale * sample.deviation();
        return new Dot(
                names.style(group),
                mean,
                sample.count() < 2 ? null : new Interval(mean - spread, mean + spread),
                words(group));
    }

    private String words(Group group) {
        return String.format(Locale.ROOT, "%s: %s", StudyNames.kind(group), text(group));
    }
}
