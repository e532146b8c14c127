package org.sftn.study.report;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.sftn.study.Group;
import org.sftn.study.Networks;
import org.sftn.study.StudyResult;
import org.sftn.study.report.Page.Entry;
import org.sftn.study.report.Page.Figure;
import org.sftn.study.report.Page.Figures;

/** What the parts of a study are called, and how they look, in all of its tables and plots. */
final class StudyNames {
    static final String ALONE = "student alone";

    private final List<String> kinds;
    private final Map<String, String> shortKeys;

    StudyNames(StudyResult study) {
        this.kinds = study.teachers();
        this.shortKeys = shortKeys(study);
    }

    /** The kind of teacher that others are compared with; empty when there are no teachers. */
    String baseline() {
        return kinds.isEmpty() ? "" : kinds.get(0);
    }

    boolean isBaseline(Group group) {
        return group.teacher() != null && group.teacher().equals(baseline());
    }

    List<String> others() {
        return kinds.stream().skip(1).toList();
    }

    /** The varied keys. */
    Collection<String> keys() {
        return shortKeys.keySet();
    }

    /** The last part of a varied key, if that is unique. */
    String shortKey(String key) {
        return shortKeys.get(key);
    }

    Style style(Group group) {
        return group.teacher() == null ? Style.ALONE : style(group.teacher());
    }

    private Style style(String kind) {
        return Style.of(Math.max(0, kinds.indexOf(kind)));
    }

    /** Plots with what their styles mean. */
    Figures figures(List<Figure> figures) {
        Set<Style> used = figures.stream()
                .flatMap(figure -> figure.plot().styles().stream())
                .collect(Collectors.toSet());
        List<Entry> key = new ArrayList<>();
        kinds.forEach(kind -> key.add(new Entry(style(kind), kind)));
        key.add(new Entry(Style.ALONE, ALONE));
        key.removeIf(entry -> !used.contains(entry.style()));
        return new Figures(key, figures);
    }

    static String kind(Group group) {
        return group.teacher() == null ? ALONE : group.teacher();
    }

    static String method(Group group) {
        return group.teacher() == null ? ALONE : group.method();
    }

    /** The method, with its settings if they vary. */
    String label(Group group) {
        return with(method(group), group);
    }

    /** A text, with the group's settings if they vary. */
    String with(String text, Group group) {
        return group.varied().isEmpty() ? text : text + ", " + settings(group);
    }

    String settings(Group group) {
        return group.varied().entrySet().stream()
                .map(each -> shortKey(each.getKey()) + " " + each.getValue())
                .collect(Collectors.joining(", "));
    }

    static String pair(Networks networks) {
        String pair = networks.teacher() + " → " + networks.student();
        return networks.branches().equals(networks.student()) ? pair : pair + ", branches of " + networks.branches();
    }

    static Map<String, List<Group>> by(List<Group> groups, Function<Group, String> key) {
        return groups.stream().collect(Collectors.groupingBy(key, LinkedHashMap::new, Collectors.toList()));
    }

    /** Without repetitions; numbers by their value, if all are. */
    static List<String> ordered(Collection<String> values) {
        Set<String> distinct = new LinkedHashSet<>(values);
        SortedMap<Double, String> numbers = new TreeMap<>();
        try {
            distinct.forEach(value -> numbers.put(Double.valueOf(value), value));
        } catch (NumberFormatException e) {
            return List.copyOf(distinct);
        }
        return numbers.size() == distinct.size() ? List.copyOf(numbers.values()) : List.copyOf(distinct);
    }

    private static Map<String, String> shortKeys(StudyResult study) {
        Set<String> keys = study.cells().stream()
                .flatMap(cell -> cell.varied().keySet().stream())
                .collect(Collectors.toCollection(TreeSet::new));
        Map<String, Long> parts =
                keys.stream().collect(Collectors.groupingBy(StudyNames::lastPart, Collectors.counting()));
        Map<String, String> names = new LinkedHashMap<>();
        keys.forEach(key -> names.put(key, parts.get(lastPart(key)) == 1 ? lastPart(key) : key));
        return names;
    }

    private static String lastPart(String key) {
        return key.substring(key.lastIndexOf('.') + 1);
    }
}
