package org.sftn.study;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigList;
import com.typesafe.config.ConfigObject;
import com.typesafe.config.ConfigRenderOptions;
import com.typesafe.config.ConfigUtil;
import com.typesafe.config.ConfigValue;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.sftn.conf.Settings;
import org.sftn.conf.StudySettings;
import org.sftn.conf.UserException;

/**
 * The runs of a study. A setting that a run does not depend on does not multiply it: one teacher serves all methods, a standard
 * teacher all settings of branches, a student alone all teachers.
 *
 * @param teachers in an order in which each stands behind the one that it starts from
 */
public record StudyPlan(List<TeacherRun> teachers, List<StudentRun> students) {
    private static final String NETWORK = "teacher.network";
    private static final String BRANCHES = "teacher.student";
    private static final String START = "teacher.start-from";
    private static final String STUDENT = "distill.student";
    private static final String METHOD = "distill.method";
    private static final String SEED = "seed";
    private static final String ALONE = "none";
    /** What pairs, methods and seeds say. */
    private static final Set<String> GIVEN = Set.of(NETWORK, STUDENT, METHOD, "distill.teacher");

    public StudyPlan {
        teachers = List.copyOf(teachers);
        students = List.copyOf(students);
    }

    /** @throws UserException when the study's settings make no plan */
    public static StudyPlan of(Settings settings) {
        return new Maker(settings).plan();
    }

    /** The kinds of teacher of a study: the baseline, then the others by name. */
    public static List<String> kinds(StudySettings study) {
        List<String> kinds =
                new ArrayList<>(new TreeSet<>(study.teachers().root().keySet()));
        if (kinds.remove(study.baseline())) {
            kinds.add(0, study.baseline());
        }
        return List.copyOf(kinds);
    }

    /** All that are trained, as teachers, branches or students. */
    public Set<String> networks() {
        Set<String> networks = new TreeSet<>();
        teachers.forEach(run -> {
            networks.add(run.settings().get(NETWORK));
            networks.add(run.settings().get(BRANCHES));
        });
        students.forEach(run -> networks.add(run.networks().student()));
        networks.remove("");
        return networks;
    }

    private static final class Maker {
        private final Settings settings;
        private final StudySettings study;
        private final List<SortedMap<String, String>> combinations;
        private final Map<String, SortedMap<String, String>> kinds = new LinkedHashMap<>();
        private final Map<String, SortedMap<String, String>> ofStudents;
        private final Map<String, TeacherRun> teachers = new LinkedHashMap<>();
        private final Map<String, StudentRun> students = new LinkedHashMap<>();

        Maker(Settings settings) {
            this.settings = settings;
            this.study = settings.study();
            this.combinations = combinations(study.vary());
            Map<String, SortedMap<String, String>> declared = blocks("study.teachers", study.teachers(), "teacher.");
            kinds(study).forEach(kind -> kinds.put(kind, declared.get(kind)));
            this.ofStudents = blocks("study.students", study.students(), "distill.");
        }

        StudyPlan plan() {
            boolean needsTeachers = study.methods().stream().anyMatch(method -> !method.equals(ALONE));
            if (study.pairs().isEmpty()
                    || study.methods().isEmpty()
                    || study.seeds().isEmpty()) {
                throw new UserException(
                        "a study needs study.pairs, study.methods and study.seeds, one of each at least");
            }
            if (needsTeachers && !kinds.containsKey(study.baseline())) {
                throw new UserException(String.format(
                        Locale.ROOT,
                        "study.baseline is '%s', the kinds of teacher in study.teachers are %s",
                        study.baseline(),
                        kinds.keySet()));
            }
            for (String pair : study.pairs()) {
                Networks networks = networks(pair);
                for (SortedMap<String, String> varied : combinations) {
                    for (long seed : study.seeds()) {
                        for (String method : study.methods()) {
                            add(networks, varied, seed, method);
                        }
                    }
                }
            }
            return new StudyPlan(List.copyOf(teachers.values()), List.copyOf(students.values()));
        }

        private void add(Networks networks, SortedMap<String, String> varied, long seed, String method) {
            if (method.equals(ALONE)) {
                addStudent(networks, null, null, method, only(varied, key -> key.startsWith("training.")), seed);
                return;
            }
            for (String kind : kinds.keySet()) {
                SortedMap<String, String> ofTeacher = ofTeacher(networks, kind, varied);
                TeacherRun teacher = teacher(networks, kind, ofTeacher, seed, List.of());
                SortedMap<String, String> ofStudent = only(
                        varied, key -> key.startsWith("training.") || ofTeacher.containsKey(key) || reads(method, key));
                addStudent(networks, teacher.name(), kind, method, ofStudent, seed);
            }
        }

        /** What a kind of teacher depends on of what is varied. */
        private SortedMap<String, String> ofTeacher(Networks networks, String kind, SortedMap<String, String> varied) {
            boolean standard = branches(networks, kind).isEmpty();
            return only(varied, key -> key.startsWith("training.") || (key.startsWith("teacher.") && !standard));
        }

        private String branches(Networks networks, String kind) {
            return kinds.get(kind).getOrDefault(BRANCHES, networks.branches());
        }

        /** Of the methods' blocks a student reads only its own. */
        private static boolean reads(String method, String key) {
            return key.startsWith("distill.")
                    && (key.split("\\.").length == 2 || key.startsWith("distill." + method + "."));
        }

        private TeacherRun teacher(
                Networks networks, String kind, SortedMap<String, String> varied, long seed, List<String> starting) {
            if (starting.contains(kind)) {
                throw new UserException(
                        "the kinds of teacher in study.teachers start from each other: " + String.join(", ", starting));
            }
            String branches = branches(networks, kind);
            String name = name(
                    branches.isEmpty() ? networks.teacher() : networks.teacher() + "-for-" + branches,
                    List.of(kind),
                    varied,
                    seed);
            TeacherRun known = teachers.get(name);
            if (known != null) {
                return known;
            }
            SortedMap<String, String> all = new TreeMap<>(kinds.get(kind));
            String from = all.get(START);
            @Nullable String startsFrom = null;
            if (from != null && kinds.containsKey(from)) {
                List<String> chain = new ArrayList<>(starting);
                chain.add(kind);
                startsFrom = teacher(networks, from, ofTeacher(networks, from, varied), seed, chain)
                        .name();
                all.remove(START);
            }
            all.putAll(varied);
            all.put(NETWORK, networks.teacher());
            all.put(BRANCHES, branches);
            all.put(SEED, Long.toString(seed));
            TeacherRun run = new TeacherRun(name, startsFrom, checked(all));
            teachers.put(name, run);
            return run;
        }

        private void addStudent(
                Networks networks,
                @Nullable String teacherRun,
                @Nullable String kind,
                String method,
                SortedMap<String, String> varied,
                long seed) {
            // A student alone is the same whoever its teacher would have been.
            String pair = kind == null ? networks.student() : networks.teacher() + "-" + networks.student();
            List<String> parts = new ArrayList<>();
            if (kind != null) {
                parts.add(networks.branches().equals(networks.student()) ? kind : kind + "-for-" + networks.branches());
            }
            parts.add(method);
            String name = name(pair, parts, varied, seed);
            SortedMap<String, String> all = new TreeMap<>(ofStudents.getOrDefault(networks.student(), new TreeMap<>()));
            all.putAll(only(varied, key -> !key.startsWith("teacher.")));
            all.put(STUDENT, networks.student());
            all.put(METHOD, method);
            all.put(SEED, Long.toString(seed));
            students.putIfAbsent(
                    name, new StudentRun(name, teacherRun, networks, kind, method, varied, seed, checked(all)));
        }

        private SortedMap<String, String> checked(SortedMap<String, String> values) {
            settings.with(values);
            return values;
        }
    }

    private static Networks networks(String pair) {
        String[] names = pair.trim().split("\\s+");
        if (names.length < 2 || names.length > 3) {
            throw new UserException(String.format(
                    Locale.ROOT,
                    "study.pairs has '%s', it must be \"TEACHER STUDENT\" or \"TEACHER STUDENT BRANCHES\"",
                    pair));
        }
        return new Networks(names[0], names[1], names[names.length - 1]);
    }

    private static String name(String first, List<String> parts, SortedMap<String, String> varied, long seed) {
        List<String> all = new ArrayList<>(List.of(first));
        all.addAll(parts);
        varied.forEach((key, value) -> all.add(key + "-" + value));
        all.add("seed-" + seed);
        return String.join("/", all.stream().map(StudyPlan::fileName).toList());
    }

    private static String fileName(String part) {
        return part.replaceAll("[^A-Za-z0-9._+-]+", "_");
    }

    private static SortedMap<String, String> only(SortedMap<String, String> values, Predicate<String> keys) {
        SortedMap<String, String> some = new TreeMap<>(values);
        some.keySet().removeIf(keys.negate());
        return some;
    }

    /** Settings by the name of their block; training's and those that start so are allowed. */
    private static Map<String, SortedMap<String, String>> blocks(String path, Config blocks, String allowed) {
        Map<String, SortedMap<String, String>> all = new TreeMap<>();
        blocks.root().forEach((name, value) -> {
            if (!(value instanceof ConfigObject block)) {
                throw new UserException(String.format(Locale.ROOT, "%s.%s must be a block of settings", path, name));
            }
            SortedMap<String, String> settings = new TreeMap<>();
            block.toConfig().entrySet().forEach(each -> settings.put(plain(each.getKey()), text(each.getValue())));
            requireOf(path + "." + name, settings.keySet(), List.of("training.", allowed));
            all.put(name, settings);
        });
        return all;
    }

    /** The product of all lists. */
    private static List<SortedMap<String, String>> combinations(Config vary) {
        SortedMap<String, List<String>> axes = new TreeMap<>();
        vary.entrySet().forEach(each -> {
            String key = plain(each.getKey());
            if (!(each.getValue() instanceof ConfigList values) || values.isEmpty()) {
                throw new UserException(
                        String.format(Locale.ROOT, "study.vary.%s must be a list of values such as [1, 2]", key));
            }
            axes.put(key, values.stream().map(StudyPlan::text).toList());
        });
        requireOf("study.vary", axes.keySet(), List.of("training.", "teacher.", "distill."));
        List<SortedMap<String, String>> all = List.of(new TreeMap<>());
        for (Map.Entry<String, List<String>> axis : axes.entrySet()) {
            List<SortedMap<String, String>> more = new ArrayList<>();
            for (SortedMap<String, String> values : all) {
                for (String value : axis.getValue()) {
                    SortedMap<String, String> longer = new TreeMap<>(values);
                    longer.put(axis.getKey(), value);
                    more.add(longer);
                }
            }
            all = more;
        }
        return all;
    }

    private static void requireOf(String path, Collection<String> keys, List<String> starts) {
        for (String key : keys) {
            if (GIVEN.contains(key)) {
                throw new UserException(
                        String.format(Locale.ROOT, "%s cannot set '%s': study.pairs and study.methods do", path, key));
            }
            if (starts.stream().noneMatch(key::startsWith)) {
                throw new UserException(String.format(
                        Locale.ROOT, "%s cannot set '%s', but %s*", path, key, String.join("*, ", starts)));
            }
        }
    }

    private static String plain(String path) {
        return String.join(".", ConfigUtil.splitPath(path));
    }

    private static String text(ConfigValue value) {
        return value instanceof ConfigList
                ? value.render(ConfigRenderOptions.concise())
                : String.valueOf(value.unwrapped());
    }
}
