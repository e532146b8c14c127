package org.sftn.study.report;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.sftn.study.Group;
import org.sftn.study.Summary;
import org.sftn.study.Summary.Pair;
import org.sftn.study.report.LinePlot.Line;
import org.sftn.study.report.LinePlot.Point;
import org.sftn.study.report.Page.Figure;

/** Test accuracy by epoch: a plot for each method and its settings, with a line for each kind of teacher and the student alone. */
final class CurveFigures {
    private static final int AXIS_INTERVALS = 4;

    private final StudyNames names;

    CurveFigures(StudyNames names) {
        this.names = names;
    }

    List<Figure> of(Pair pair) {
        List<Group> learning =
                pair.groups().stream().filter(group -> !group.curve().isEmpty()).toList();
        Axis up = Axis.of(
                learning.stream()
                        .flatMap(group -> group.curve().stream())
                        .mapToDouble(point -> 100 * point.top1().mean()),
                AXIS_INTERVALS);
        return panels(learning).stream().map(panel -> figure(panel, up)).toList();
    }

    private List<List<Group>> panels(List<Group> groups) {
        List<Group> alone =
                groups.stream().filter(group -> group.teacher() == null).toList();
        List<Group> baseline =
                groups.stream().filter(group -> names.isBaseline(group)).toList();
        List<Group> others = new ArrayList<>(groups);
        others.removeAll(alone);
        others.removeAll(baseline);
        Map<List<Object>, List<Group>> panels = new LinkedHashMap<>();
        for (Group group : baseline) {
            // One that does not depend on all that is varied joins the others' plots instead.
            boolean joins = others.stream().anyMatch(other -> joins(group, other));
            if (!joins) {
                panels.put(key(group), new ArrayList<>(List.of(group)));
            }
        }
        for (Group group : others) {
            List<Group> panel = panels.computeIfAbsent(key(group), key -> new ArrayList<>());
            if (panel.isEmpty()) {
                baseline.stream().filter(each -> joins(each, group)).forEach(panel::add);
            }
            panel.add(group);
        }
        panels.values()
                .forEach(panel -> alone.stream()
                        .filter(group -> group.varied()
                                .equals(Summary.ofAlone(
                                        panel.get(panel.size() - 1).varied())))
                        .forEach(panel::add));
        return panels.isEmpty() ? alone.stream().map(List::of).toList() : List.copyOf(panels.values());
    }

    private static List<Object> key(Group group) {
        return List.of(group.method(), group.varied());
    }

    private static boolean joins(Group baseline, Group other) {
        return baseline.method().equals(other.method())
                && !baseline.varied().equals(other.varied())
                && baseline.varied().equals(Summary.ofStandard(other.varied()));
    }

    private Figure figure(List<Group> panel, Axis up) {
        List<Line> lines = panel.stream()
                .map(group -> new Line(
                        StudyNames.kind(group),
                        names.style(group),
                        group.curve().stream().map(CurveFigures::point).toList()))
                .toList();
        String ends = panel.stream()
                .map(group -> String.format(
                        Locale.ROOT,
                        "%s %s %%",
                        StudyNames.kind(group),
                        Numbers.percent(
                                group.curve().get(group.curve().size() - 1).top1())))
                .collect(Collectors.joining("; "));
        Axis across = Axis.tight(
                lines.stream().flatMap(line -> line.points().stream()).mapToDouble(Point::across), AXIS_INTERVALS);
        // The last: a baseline that joins does not depend on all settings, and the student alone comes behind.
        Group named = panel.stream()
                .filter(group -> group.teacher() != null)
                .reduce((first, second) -> second)
                .orElse(panel.get(0));
        return new Figure(
                names.label(named),
                String.format(Locale.ROOT, "Test top-1 by epoch. At the end: %s.", ends),
                new LinePlot(across, up, "epoch", "test top-1, %", lines));
    }

    private static Point point(Group.CurveMean mean) {
        return new Point(
                mean.epoch(), 100 * mean.top1().mean(), 100 * mean.top1().deviation());
    }
}
