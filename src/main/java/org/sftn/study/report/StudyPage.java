package org.sftn.study.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.sftn.study.Cell;
import org.sftn.study.CurvePoint;
import org.sftn.study.Group;
import org.sftn.study.SeedSample;
import org.sftn.study.StudyResult;
import org.sftn.study.Summary;
import org.sftn.study.Summary.Pair;
import org.sftn.study.report.Page.Block;
import org.sftn.study.report.Page.Column;
import org.sftn.study.report.Page.Content;
import org.sftn.study.report.Page.Emphasis;
import org.sftn.study.report.Page.Fact;
import org.sftn.study.report.Page.Facts;
import org.sftn.study.report.Page.Figure;
import org.sftn.study.report.Page.Folded;
import org.sftn.study.report.Page.Heading;
import org.sftn.study.report.Page.Paragraph;
import org.sftn.study.report.Page.Row;
import org.sftn.study.report.Page.Section;
import org.sftn.study.report.Page.Table;
import org.sftn.study.report.Page.Tile;
import org.sftn.study.report.Page.Tiles;

/** What is said of a study. Sections without data are left out. */
final class StudyPage {
    private static final int LEVEL_POINTS = 10;
    /** Beyond, they are folded. */
    private static final int MANY_FIGURES = 12;

    private final StudyResult study;
    private final Summary summary;
    private final List<Group> groups;
    private final StudyNames names;

    private StudyPage(StudyResult study) {
        this.study = study;
        this.summary = Summary.of(study);
        this.groups = summary.pairs().stream()
                .flatMap(pair -> pair.groups().stream())
                .distinct()
                .toList();
        this.names = new StudyNames(study);
    }

    static Page of(StudyResult study) {
        return new StudyPage(study).page();
    }

    private Page page() {
        List<Section> sections = new ArrayList<>();
        add(sections, "At a glance", glance());
        add(sections, "What was run", setup());
        add(sections, "Results", results());
        add(sections, "Gain over the baseline", gains());
        add(sections, "Learning curves", curves());
        add(sections, "Varied settings", varied());
        add(sections, "Convergence", convergence());
        add(sections, "Similarity to the teacher", similarity());
        add(sections, "Calibration", calibration());
        add(sections, "Cost", cost());
        add(sections, "Students that are not done", undone());
        return new Page(
                study.title().isBlank() ? "Study of students and their teachers" : study.title(),
                study.question().strip().lines().filter(line -> !line.isBlank()).toList(),
                sections);
    }

    private static void add(List<Section> sections, String title, List<Block> blocks) {
        if (!blocks.isEmpty()) {
            sections.add(new Section(title, blocks));
        }
    }

    private List<Block> glance() {
        List<Tile> tiles = new ArrayList<>();
        int undone = summary.undone().size();
        int all = study.cells().size();
        tiles.add(new Tile(
                "Students",
                undone == 0 ? Numbers.whole(all) : Numbers.whole(all - undone) + " of " + Numbers.whole(all),
                undone == 0 ? "all are done" : "are done; the others are listed below"));
        for (String kind : names.others()) {
            List<Group> compared = compared(kind);
            if (!compared.isEmpty()) {
                tiles.add(new Tile(
                        String.format(Locale.ROOT, "%s over %s", kind, names.baseline()),
                        Numbers.points(meanGain(compared)),
                        "points of top-1, mean of " + comparisons(compared)));
            }
        }
        double highest =
                groups.stream().mapToDouble(group -> group.top1().mean()).max().orElse(Double.NaN);
        groups.stream()
                .filter(group -> group.top1().mean() == highest)
                .findFirst()
                .ifPresent(group -> tiles.add(new Tile(
                        "Highest top-1",
                        Numbers.percent(highest) + " %",
                        Stream.of(StudyNames.pair(group.networks()), names.label(group), group.teacher())
                                .filter(Objects::nonNull)
                                .collect(Collectors.joining(", ")))));
        tiles.add(new Tile(
                "Core-hours",
                Numbers.plain(studentCoreHours() + teacherCoreHours()),
                "of training the students that are done, and their teachers"));
        return List.of(new Tiles(tiles));
    }

    private double studentCoreHours() {
        return study.cells().stream().mapToDouble(Cell::studentCoreHours).sum();
    }

    private double teacherCoreHours() {
        return study.cells().stream()
                .filter(cell -> cell.teacherRun() != null)
                .collect(Collectors.toMap(Cell::teacherRun, Cell::teacherCoreHours, Math::max))
                .values()
                .stream()
                .mapToDouble(Double::doubleValue)
                .sum();
    }

    private List<Block> setup() {
        List<Fact> facts = new ArrayList<>();
        facts.add(new Fact("Data set", study.dataset()));
        facts.add(new Fact("Training images", Numbers.whole(study.trainImages())));
        facts.add(new Fact("Test images", Numbers.whole(study.testImages())));
        study.cells().stream()
                .flatMap(cell -> cell.curve().stream())
                .mapToInt(CurvePoint::epoch)
                .max()
                .ifPresent(epochs -> facts.add(new Fact("Epochs of a student", Numbers.whole(epochs))));
        facts.add(
                new Fact("Seeds", joined(study.cells().stream().map(Cell::seed).sorted())));
        facts.add(new Fact(
                "Networks",
                summary.pairs().stream()
                        .map(pair -> StudyNames.pair(pair.networks()))
                        .collect(Collectors.joining("; "))));
        if (!study.teachers().isEmpty()) {
            facts.add(new Fact(
                    "Kinds of teacher",
                    joined(Stream.concat(Stream.of(names.baseline() + " (the baseline)"), names.others().stream()))));
        }
        facts.add(new Fact(
                "Methods",
                joined(study.cells().stream().map(cell -> cell.teacher() == null ? StudyNames.ALONE : cell.method()))));
        if (!names.keys().isEmpty()) {
            facts.add(new Fact("Varied", names.keys().stream().map(this::values).collect(Collectors.joining("; "))));
        }
        facts.add(new Fact("Code version", joined(study.codeVersions().stream())));
        List<Block> blocks = new ArrayList<>(List.of(new Facts(facts)));
        blocks.addAll(settings("Settings that differ from the defaults", study.configuration()));
        return blocks;
    }

    private static String joined(Stream<?> values) {
        return values.distinct().map(String::valueOf).collect(Collectors.joining(", "));
    }

    private String values(String key) {
        return key + ": "
                + String.join(
                        ", ",
                        StudyNames.ordered(study.cells().stream()
                                .map(cell -> cell.varied().get(key))
                                .filter(Objects::nonNull)
                                .toList()));
    }

    /** A folded table; nothing when there are none. */
    static List<Block> settings(String title, SortedMap<String, String> settings) {
        if (settings.isEmpty()) {
            return List.of();
        }
        List<Row> rows = new ArrayList<>();
        settings.forEach((key, value) -> rows.add(new Row(Emphasis.NONE, List.of(key, String.valueOf(value)))));
        Table table = new Table(
                title, List.of(new Column("Setting", Content.PROSE), new Column("Value", Content.PROSE)), rows);
        return List.of(new Folded(String.format(Locale.ROOT, "%s (%d)", title, rows.size()), List.of(table)));
    }

    private List<Block> results() {
        List<Block> blocks = new ArrayList<>();
        for (Pair pair : summary.pairs()) {
            List<Group> best = pair.best();
            blocks.add(table(
                    pair,
                    "test accuracy over the seeds, mean ± standard deviation",
                    pair.groups(),
                    List.of(
                            number("Seeds", StudyPage::seeds),
                            number("Top-1, %", group -> Numbers.percent(group.top1())),
                            number("Top-5, %", group -> Numbers.percent(group.top5())),
                            number("Over student alone", group -> Numbers.gain(group.gainOverAlone())),
                            number("Teacher’s top-1, %", group -> Numbers.percent(group.teacherTop1()))),
                    group -> best.contains(group) ? Emphasis.BEST : Emphasis.NONE));
        }
        return under(
                "The highest mean top-1 of each pair of networks is in bold. “Over student alone” is the gain in top-1 over the"
                        + " same network trained without a teacher, in percentage points, with its 95 % interval.",
                blocks);
    }

    private static String seeds(Group group) {
        int done = group.cells().size();
        return done == group.planned()
                ? Numbers.whole(done)
                : String.format(Locale.ROOT, "%d of %d", done, group.planned());
    }

    private List<Block> gains() {
        List<Group> compared =
                names.others().stream().flatMap(kind -> compared(kind).stream()).toList();
        if (compared.isEmpty()) {
            return List.of();
        }
        List<Block> blocks = new ArrayList<>();
        blocks.add(new Paragraph(String.format(
                Locale.ROOT,
                "The gain is the top-1 of a student minus that of the student with the same networks, method,"
                        + " settings and seed whose teacher is %s, in percentage points; its mean over the seeds has a 95 %%"
                        + " interval by Student’s t. Where an interval includes 0, the seeds do not show which is better. The"
                        + " intervals are not widened for the number of comparisons.",
                names.baseline())));
        names.others().stream()
                .filter(kind -> !compared(kind).isEmpty())
                .forEach(kind -> blocks.add(new Paragraph(verdict(kind))));
        GainFigures figures = new GainFigures(names, compared);
        blocks.add(new Heading("By pair of networks"));
        blocks.add(figures(figures.byPair()));
        if (figures.byPair().size() > 1 && figures.byMethod().size() > 1) {
            blocks.add(new Heading("By method"));
            blocks.add(figures(figures.byMethod()));
        }
        for (Pair pair : summary.pairs()) {
            List<Group> rows = pair.groups().stream().filter(compared::contains).toList();
            if (!rows.isEmpty()) {
                blocks.add(table(
                        pair,
                        String.format(Locale.ROOT, "gain in top-1 over %s, percentage points", names.baseline()),
                        rows,
                        List.of(
                                new Value(new Column("Interval", Content.TEXT), group -> side(group.gain())),
                                number(
                                        "Seeds",
                                        group -> Numbers.whole(group.gain().count())),
                                number(
                                        "Gain",
                                        group -> Numbers.points(group.gain().mean())),
                                number(
                                        "95 % interval",
                                        group -> group.gain()
                                                .interval()
                                                .map(Numbers::points)
                                                .orElse(Numbers.NONE))),
                        group -> Emphasis.NONE));
            }
        }
        return blocks;
    }

    private List<Group> compared(String kind) {
        return groups.stream()
                .filter(group -> kind.equals(group.teacher()) && group.gain().count() > 0)
                .toList();
    }

    private String verdict(String kind) {
        List<Group> compared = compared(kind);
        SortedMap<String, Long> sides = compared.stream()
                .collect(Collectors.groupingBy(group -> side(group.gain()), TreeMap::new, Collectors.counting()));
        return String.format(
                Locale.ROOT,
                "%s compared with %s: %s, mean gain %s points. Intervals: %s.",
                kind,
                names.baseline(),
                comparisons(compared),
                Numbers.points(meanGain(compared)),
                sides.entrySet().stream()
                        .map(side -> String.format(Locale.ROOT, "%d %s", side.getValue(), side.getKey()))
                        .collect(Collectors.joining(", ")));
    }

    private static String side(SeedSample gain) {
        return gain.interval()
                .map(interval -> switch (interval.side()) {
                    case ABOVE_ZERO -> "above 0";
                    case BELOW_ZERO -> "below 0";
                    case INCLUDES_ZERO -> "with 0 inside";
                })
                .orElse("none: one seed");
    }

    private static String comparisons(List<Group> compared) {
        return compared.size() == 1 ? "1 comparison" : String.format(Locale.ROOT, "%d comparisons", compared.size());
    }

    private static double meanGain(List<Group> compared) {
        return compared.stream()
                .mapToDouble(group -> group.gain().mean())
                .average()
                .orElse(Double.NaN);
    }

    private List<Block> curves() {
        CurveFigures curves = new CurveFigures(names);
        return under(
                "Top-1 of the students on the test images after each epoch: the mean over the seeds, and a band of one standard"
                        + " deviation to either side.",
                byPair(curves::of));
    }

    private List<Block> varied() {
        SettingFigures settings = new SettingFigures(names);
        return under(
                "Mean top-1 of the students on the test images, in per cent, by the settings that the study varies: lines for one"
                        + " setting, a map for two. What depends on more is in the tables alone.",
                byPair(settings::of));
    }

    private List<Block> byPair(Function<Pair, List<Figure>> figures) {
        List<Block> blocks = new ArrayList<>();
        for (Pair pair : summary.pairs()) {
            List<Figure> some = figures.apply(pair);
            if (!some.isEmpty()) {
                blocks.add(new Heading(StudyNames.pair(pair.networks())));
                blocks.add(figures(some));
            }
        }
        return blocks;
    }

    private List<Block> convergence() {
        List<Block> blocks = new ArrayList<>();
        for (Pair pair : summary.pairs()) {
            List<Group> learning = pair.groups().stream()
                    .filter(group -> !group.curve().isEmpty())
                    .toList();
            if (!learning.isEmpty()) {
                blocks.add(table(
                        pair,
                        "mean epoch and seconds of training at which students first reach a test top-1",
                        learning,
                        levels(learning),
                        group -> Emphasis.NONE));
            }
        }
        return under(
                "When the students’ top-1 on the test images first reaches a value: that of the baseline’s students at their end"
                        + " (mean top-1 with the same method and settings), and every ten points. Means over the seeds that reach it;"
                        + " if that is not all, it says how many. Seconds depend on the machine and its load.",
                blocks);
    }

    private static List<Value> levels(List<Group> learning) {
        List<Value> columns = new ArrayList<>();
        if (learning.stream().anyMatch(group -> Double.isFinite(group.baseline()))) {
            columns.add(number("Baseline’s mean, %", group -> Numbers.percent(group.baseline())));
            columns.add(number("reached after", group -> reached(group, group.baseline())));
        }
        double highest = learning.stream()
                .flatMap(group -> group.cells().stream())
                .flatMap(cell -> cell.curve().stream())
                .mapToDouble(CurvePoint::testTop1)
                .max()
                .orElse(0);
        for (int level = LEVEL_POINTS; level <= Math.min(100, 100 * highest); level += LEVEL_POINTS) {
            double top1 = level / 100.0;
            columns.add(number(level + " % after", group -> reached(group, top1)));
        }
        return columns;
    }

    private static String reached(Group group, double top1) {
        return Numbers.reached(
                group,
                top1,
                reached -> String.format(
                        Locale.ROOT,
                        "%s ep., %s s",
                        Numbers.fixed(reached.epochs().mean(), 1),
                        Numbers.plain(reached.seconds().mean())));
    }

    private List<Block> similarity() {
        List<Measure> measures = List.of(
                new Measure("KL(teacher‖student), nats", Group::kl, sample -> Numbers.fixed(sample, 4), 1),
                new Measure("Linear CKA", Group::cka, sample -> Numbers.fixed(sample, 4), 1),
                new Measure("Same class predicted, %", Group::agreement, Numbers::percent, 100));
        return measured(
                "How alike students are to their teachers on the test images: Kullback-Leibler divergence of the outputs (0 when"
                        + " they are equal), linear centered kernel alignment of the pooled features (1 when they are alike), and the"
                        + " share of images for which both predict the same class. Means over the seeds ± standard deviation.",
                "similarity of students to their teachers",
                measures,
                measures);
    }

    private List<Block> calibration() {
        Measure student = new Measure("Error of student, %", Group::calibrationError, Numbers::percent, 100);
        Measure teacher = new Measure("Error of teacher, %", Group::teacherCalibrationError, Numbers::percent, 100);
        return measured(
                "Expected calibration error on the test images: how far the probability of the predicted class is from the share"
                        + " of right predictions; 0 is best. Means over the seeds ± standard deviation.",
                "expected calibration error",
                List.of(student, teacher),
                List.of(student));
    }

    private List<Block> measured(String text, String caption, List<Measure> tabled, List<Measure> plotted) {
        List<Block> blocks = new ArrayList<>();
        for (Pair pair : summary.pairs()) {
            List<Group> there = pair.groups().stream()
                    .filter(group -> tabled.stream().anyMatch(measure -> measure.isThere(group)))
                    .toList();
            if (there.isEmpty()) {
                continue;
            }
            blocks.add(new Heading(StudyNames.pair(pair.networks())));
            blocks.add(figures(plotted.stream()
                    .filter(measure -> there.stream().anyMatch(measure::isThere))
                    .map(measure -> measure.figure(names, there))
                    .toList()));
            blocks.add(table(
                    pair,
                    caption,
                    there,
                    tabled.stream()
                            .map(measure -> number(measure.name(), measure::text))
                            .toList(),
                    group -> Emphasis.NONE));
        }
        return under(text, blocks);
    }

    private List<Block> cost() {
        List<Block> blocks = new ArrayList<>();
        for (Pair pair : summary.pairs()) {
            blocks.add(table(
                    pair,
                    "core-hours of training",
                    pair.groups(),
                    List.of(
                            number("A student", group -> Numbers.fixed(group.studentCoreHours(), 3)),
                            number("Its teacher", group -> Numbers.fixed(group.teacherCoreHours(), 3))),
                    group -> Emphasis.NONE));
        }
        return under(
                String.format(
                        Locale.ROOT,
                        "Cores times hours of training, mean ± standard deviation over the seeds; without evaluation. All students that"
                                + " are done took %s core-hours, their teachers %s; a teacher that serves many is counted once.",
                        Numbers.plain(studentCoreHours()),
                        Numbers.plain(teacherCoreHours())),
                blocks);
    }

    private List<Block> undone() {
        if (summary.undone().isEmpty()) {
            return List.of();
        }
        List<Row> rows = summary.undone().stream()
                .map(cell -> new Row(
                        Emphasis.NONE,
                        List.of(
                                cell.name(),
                                cell.state() == Cell.State.REFUSED ? "refused" : "failed",
                                Objects.requireNonNullElse(cell.message(), ""))))
                .toList();
        return List.of(
                new Paragraph("Failed, or refused since what is asked is not possible. They are in no mean."),
                new Table(
                        "Students that are not done, and why",
                        Stream.of("Student", "State", "Message")
                                .map(name -> new Column(name, Content.PROSE))
                                .toList(),
                        rows));
    }

    private static List<Block> under(String text, List<Block> blocks) {
        if (!blocks.isEmpty()) {
            blocks.add(0, new Paragraph(text));
        }
        return blocks;
    }

    /** A column and what it says of a group. */
    private record Value(Column column, Function<Group, String> of) {}

    private static Value number(String name, Function<Group, String> of) {
        return new Value(new Column(name, Content.NUMBER), of);
    }

    private Table table(
            Pair pair, String caption, List<Group> rows, List<Value> values, Function<Group, Emphasis> emphasis) {
        List<Value> all = new ArrayList<>();
        all.add(new Value(new Column("Method", Content.TEXT), StudyNames::method));
        all.add(new Value(
                new Column("Teacher", Content.TEXT),
                group -> Objects.requireNonNullElse(group.teacher(), Numbers.NONE)));
        if (rows.stream().anyMatch(group -> !group.varied().isEmpty())) {
            all.add(new Value(
                    new Column("Settings", Content.TEXT),
                    group -> group.varied().isEmpty() ? Numbers.NONE : names.settings(group)));
        }
        all.addAll(values);
        return new Table(
                String.format(Locale.ROOT, "%s: %s", StudyNames.pair(pair.networks()), caption),
                all.stream().map(Value::column).toList(),
                rows.stream()
                        .map(group -> new Row(
                                emphasis.apply(group),
                                all.stream()
                                        .map(value -> value.of().apply(group))
                                        .toList()))
                        .toList());
    }

    private Block figures(List<Figure> figures) {
        Block block = names.figures(figures);
        return figures.size() > MANY_FIGURES
                ? new Folded(String.format(Locale.ROOT, "%d plots", figures.size()), List.of(block))
                : block;
    }
}
