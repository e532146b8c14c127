package org.sftn.study;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * A study over its seeds.
 *
 * @param pairs in the order of the study
 * @param undone students that failed or were refused; they are in no mean
 */
public record Summary(List<Pair> pairs, List<Cell> undone) {
    public Summary {
        pairs = List.copyOf(pairs);
        undone = List.copyOf(undone);
    }

    /**
     * @param groups the student alone, then by method, varied settings and kind of teacher, each in the order of the study; of
     *     those that have a student that is done
     */
    public record Pair(Networks networks, List<Group> groups) {
        public Pair {
            groups = List.copyOf(groups);
        }

        /** Those with the highest mean top-1: more than one when they are equal. */
        public List<Group> best() {
            double best = groups.stream()
                    .mapToDouble(group -> group.top1().mean())
                    .max()
                    .orElse(Double.NaN);
            return groups.stream().filter(group -> group.top1().mean() == best).toList();
        }
    }

    public static Summary of(StudyResult study) {
        return new Maker(study).summary();
    }

    /** Of varied settings those that a teacher without branches depends on, or its student. */
    public static SortedMap<String, String> ofStandard(SortedMap<String, String> varied) {
        return only(varied, key -> !key.startsWith("teacher."));
    }

    /** Of varied settings those that a student alone depends on. */
    public static SortedMap<String, String> ofAlone(SortedMap<String, String> varied) {
        return only(varied, key -> key.startsWith("training."));
    }

    private static SortedMap<String, String> only(SortedMap<String, String> varied, Predicate<String> keys) {
        SortedMap<String, String> some = new TreeMap<>(varied);
        some.keySet().removeIf(keys.negate());
        return some;
    }

    /** All but the seed. */
    private record Key(Networks networks, @Nullable String teacher, String method, SortedMap<String, String> varied) {
        static Key of(Cell cell) {
            return new Key(cell.networks(), cell.teacher(), cell.method(), cell.varied());
        }

        Key with(String kind, SortedMap<String, String> settings) {
            return new Key(networks, kind, method, settings);
        }
    }

    private static final class Maker {
        private final StudyResult study;
        private final Map<Key, List<Cell>> done = new LinkedHashMap<>();
        private final Map<Key, Integer> planned = new LinkedHashMap<>();
        private final List<String> methods;
        private final List<SortedMap<String, String>> settings;

        Maker(StudyResult study) {
            this.study = study;
            for (Cell cell : study.cells()) {
                planned.merge(Key.of(cell), 1, Integer::sum);
                if (cell.state() == Cell.State.DONE) {
                    done.computeIfAbsent(Key.of(cell), key -> new ArrayList<>()).add(cell);
                }
            }
            this.methods = study.cells().stream().map(Cell::method).distinct().toList();
            this.settings = study.cells().stream().map(Cell::varied).distinct().toList();
        }

        Summary summary() {
            List<Pair> pairs = new ArrayList<>();
            for (Networks networks : networks()) {
                List<Group> groups = new ArrayList<>();
                for (Key key : done.keySet()) {
                    boolean alone =
                            key.teacher() == null && key.networks().student().equals(networks.student());
                    if (alone || (key.teacher() != null && key.networks().equals(networks))) {
                        groups.add(group(key));
                    }
                }
                if (!groups.isEmpty()) {
                    groups.sort(Comparator.comparing((Group group) -> group.teacher() != null)
                            .thenComparing(group -> methods.indexOf(group.method()))
                            .thenComparing(group -> settings.indexOf(group.varied()))
                            .thenComparing(group -> number(group.teacher())));
                    pairs.add(new Pair(networks, groups));
                }
            }
            return new Summary(
                    pairs,
                    study.cells().stream()
                            .filter(cell -> cell.state() != Cell.State.DONE)
                            .toList());
        }

        /** A student alone that has a teacher elsewhere makes no pair of its own. */
        private Set<Networks> networks() {
            Set<Networks> networks = new LinkedHashSet<>();
            study.cells().stream()
                    .filter(cell -> cell.teacher() != null)
                    .map(Cell::networks)
                    .forEach(networks::add);
            List<String> students = networks.stream().map(Networks::student).toList();
            study.cells().stream()
                    .map(Cell::networks)
                    .filter(pair -> !students.contains(pair.student()))
                    .forEach(networks::add);
            return networks;
        }

        /** Of a kind of teacher: 0 for the baseline; -1 for none. */
        private int number(@Nullable String kind) {
            return kind == null ? -1 : study.teachers().indexOf(kind);
        }

        private Group group(Key key) {
            List<Cell> cells = done.get(key);
            List<Cell> baseline = baseline(key);
            return new Group(
                    key.networks(),
                    key.teacher(),
                    key.method(),
                    key.varied(),
                    planned.get(key),
                    cells,
                    SeedSample.of(baseline.stream()
                                    .map(cell -> cell.scores().top1())
                                    .toList())
                            .mean(),
                    number(key.teacher()) == 0 ? SeedSample.of(List.of()) : gain(cells, baseline),
                    gain(cells, alone(key)));
        }

        private List<Cell> baseline(Key key) {
            if (key.teacher() == null || study.teachers().isEmpty()) {
                return List.of();
            }
            String kind = study.teachers().get(0);
            List<Cell> same = done.get(key.with(kind, key.varied()));
            return same != null ? same : done.getOrDefault(key.with(kind, ofStandard(key.varied())), List.of());
        }

        private List<Cell> alone(Key key) {
            if (key.teacher() == null) {
                return List.of();
            }
            SortedMap<String, String> training = ofAlone(key.varied());
            return done.values().stream()
                    .flatMap(List::stream)
                    .filter(cell -> cell.teacher() == null
                            && cell.networks().student().equals(key.networks().student())
                            && cell.varied().equals(training))
                    .toList();
        }

        private static SeedSample gain(List<Cell> cells, List<Cell> others) {
            List<Double> gains = new ArrayList<>();
            for (Cell cell : cells) {
                others.stream()
                        .filter(other -> other.seed() == cell.seed())
                        .findFirst()
                        .ifPresent(other ->
                                gains.add(cell.scores().top1() - other.scores().top1()));
            }
            return SeedSample.of(gains);
        }
    }
}
