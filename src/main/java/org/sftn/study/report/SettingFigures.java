package org.sftn.study.report;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.DoubleStream;
import org.sftn.study.Group;
import org.sftn.study.Summary.Pair;
import org.sftn.study.report.LinePlot.Line;
import org.sftn.study.report.LinePlot.Point;
import org.sftn.study.report.Page.Figure;

/** Accuracy by the settings that a study varies: lines for one setting, a map for two, none for more. */
final class SettingFigures {
    private static final int AXIS_INTERVALS = 4;

    private final StudyNames names;

    SettingFigures(StudyNames names) {
        this.names = names;
    }

    List<Figure> of(Pair pair) {
        List<Group> taught =
                pair.groups().stream().filter(group -> group.teacher() != null).toList();
        List<Figure> figures = new ArrayList<>();
        StudyNames.by(taught, Group::method).forEach((method, groups) -> add(figures, method, groups));
        return figures;
    }

    private void add(List<Figure> figures, String method, List<Group> groups) {
        Map<Set<String>, List<Group>> byKeys = new LinkedHashMap<>();
        StudyNames.by(groups, Group::teacher)
                .values()
                .forEach(kind -> byKeys.computeIfAbsent(keys(kind), keys -> new ArrayList<>())
                        .addAll(kind));
        List<Group> constant = byKeys.getOrDefault(Set.of(), List.of());
        byKeys.forEach((set, some) -> {
            List<String> keys = List.copyOf(set);
            if (keys.size() == 1) {
                figures.add(lines(method, keys.get(0), some, constant));
            } else if (keys.size() == 2) {
                StudyNames.by(some, Group::teacher)
                        .forEach((kind, its) -> figures.add(map(
                                String.format(Locale.ROOT, "%s, %s", method, kind), keys.get(0), keys.get(1), its)));
            }
        });
    }

    private static Set<String> keys(List<Group> groups) {
        return groups.stream()
                .flatMap(group -> group.varied().keySet().stream())
                .collect(Collectors.toCollection(TreeSet::new));
    }

    /** @param constant groups that do not depend on the setting */
    private Figure lines(String method, String key, List<Group> groups, List<Group> constant) {
        List<String> values = values(groups, key);
        List<Line> lines = new ArrayList<>();
        for (Group group : constant) {
            List<Point> points = new ArrayList<>();
            for (int at = 0; at < values.size(); at++) {
                points.add(point(at, group));
            }
            lines.add(new Line(StudyNames.kind(group), names.style(group), points));
        }
        StudyNames.by(groups, Group::teacher).forEach((kind, its) -> {
            List<Point> points = new ArrayList<>();
            for (int at = 0; at < values.size(); at++) {
                int place = at;
                its.stream()
                        .filter(group -> values.get(place).equals(group.varied().get(key)))
                        .findFirst()
                        .ifPresent(group -> points.add(point(place, group)));
            }
            lines.add(new Line(kind, names.style(its.get(0)), points));
        });
        Axis up = Axis.of(
                lines.stream()
                        .flatMap(line -> line.points().stream())
                        .flatMapToDouble(point ->
                                DoubleStream.of(point.up(), point.up() - point.spread(), point.up() + point.spread())),
                AXIS_INTERVALS);
        String words = groups.stream()
                .map(group -> String.format(
                        Locale.ROOT,
                        "%s, %s: %s %%",
                        group.teacher(),
                        group.varied().get(key),
                        Numbers.percent(group.top1())))
                .collect(Collectors.joining("; "));
        return new Figure(
                method,
                String.format(Locale.ROOT, "Mean top-1 by %s. %s.", key, words),
                new LinePlot(Axis.of(values), up, names.shortKey(key), "test top-1, %", lines));
    }

    private static Point point(int at, Group group) {
        return new Point(at, 100 * group.top1().mean(), 100 * group.top1().deviation());
    }

    private Figure map(String title, String acrossKey, String downKey, List<Group> groups) {
        List<String> across = values(groups, acrossKey);
        List<String> down = values(groups, downKey);
        List<List<Double>> fields = new ArrayList<>();
        for (String row : down) {
            List<Double> fieldsOfRow = new ArrayList<>();
            for (String column : across) {
                fieldsOfRow.add(groups.stream()
                        .filter(group -> column.equals(group.varied().get(acrossKey))
                                && row.equals(group.varied().get(downKey)))
                        .mapToDouble(group -> group.top1().mean())
                        .findFirst()
                        .orElse(Double.NaN));
            }
            fields.add(fieldsOfRow);
        }
        String words = groups.stream()
                .map(group ->
                        String.format(Locale.ROOT, "%s: %s %%", names.settings(group), Numbers.percent(group.top1())))
                .collect(Collectors.joining("; "));
        return new Figure(
                title,
                String.format(Locale.ROOT, "Mean top-1 by %s and %s. %s.", acrossKey, downKey, words),
                new HeatMap(
                        names.shortKey(acrossKey), across, names.shortKey(downKey), down, fields, Numbers::percent));
    }

    private static List<String> values(List<Group> groups, String key) {
        return StudyNames.ordered(groups.stream()
                .filter(group -> group.varied().containsKey(key))
                .map(group -> group.varied().get(key))
                .toList());
    }
}
