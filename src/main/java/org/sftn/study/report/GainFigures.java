package org.sftn.study.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.DoubleStream;
import org.sftn.study.Group;
import org.sftn.study.Interval;
import org.sftn.study.report.DotPlot.Dot;
import org.sftn.study.report.Page.Figure;

/** Gains over the baseline with their intervals, all on one axis. */
final class GainFigures {
    private static final int AXIS_INTERVALS = 4;

    private final StudyNames names;
    private final List<Group> compared;
    private final Axis axis;

    /** @param compared groups that have a gain */
    GainFigures(StudyNames names, List<Group> compared) {
        this.names = names;
        this.compared = List.copyOf(compared);
        this.axis = Axis.of(
                DoubleStream.concat(DoubleStream.of(0), compared.stream().flatMapToDouble(GainFigures::extent)),
                AXIS_INTERVALS);
    }

    List<Figure> byPair() {
        return StudyNames.by(compared, group -> StudyNames.pair(group.networks())).entrySet().stream()
                .map(pair -> figure(pair.getKey(), StudyNames.by(pair.getValue(), names::label)))
                .toList();
    }

    List<Figure> byMethod() {
        return StudyNames.by(compared, Group::method).entrySet().stream()
                .map(method -> figure(
                        method.getKey(),
                        StudyNames.by(
                                method.getValue(), group -> names.with(StudyNames.pair(group.networks()), group))))
                .toList();
    }

    private static DoubleStream extent(Group group) {
        DoubleStream ends = interval(group)
                .map(interval -> DoubleStream.of(interval.low(), interval.high()))
                .orElse(DoubleStream.empty());
        return DoubleStream.concat(DoubleStream.of(100 * group.gain().mean()), ends);
    }

    /** In percentage points. */
    private static Optional<Interval> interval(Group group) {
        return group.gain().interval().map(shares -> new Interval(100 * shares.low(), 100 * shares.high()));
    }

    private Figure figure(String title, Map<String, List<Group>> rows) {
        List<DotPlot.Row> dots = new ArrayList<>();
        List<String> words = new ArrayList<>();
        rows.forEach((label, row) -> {
            dots.add(new DotPlot.Row(label, row.stream().map(this::dot).toList()));
            row.forEach(group -> words.add(String.format(Locale.ROOT, "%s, %s", label, words(group))));
        });
        return new Figure(
                title,
                String.format(
                        Locale.ROOT,
                        "Mean gains in top-1 over %s with 95 %% intervals, in percentage points. %s.",
                        names.baseline(),
                        String.join("; ", words)),
                new DotPlot(axis, String.format(Locale.ROOT, "gain over %s, points", names.baseline()), dots));
    }

    private Dot dot(Group group) {
        return new Dot(
                names.style(group), 100 * group.gain().mean(), interval(group).orElse(null), words(group));
    }

    private static String words(Group group) {
        return String.format(Locale.ROOT, "%s: %s", group.teacher(), Numbers.gain(group.gain()));
    }
}
