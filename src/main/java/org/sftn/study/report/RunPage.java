package org.sftn.study.report;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;
import java.util.function.DoubleFunction;
import java.util.function.ToDoubleFunction;
import java.util.stream.DoubleStream;
import java.util.stream.Stream;
import org.sftn.study.TrainedRun;
import org.sftn.study.report.LinePlot.Line;
import org.sftn.study.report.LinePlot.Point;
import org.sftn.study.report.Page.Block;
import org.sftn.study.report.Page.Column;
import org.sftn.study.report.Page.Content;
import org.sftn.study.report.Page.Emphasis;
import org.sftn.study.report.Page.Fact;
import org.sftn.study.report.Page.Facts;
import org.sftn.study.report.Page.Figure;
import org.sftn.study.report.Page.Figures;
import org.sftn.study.report.Page.Paragraph;
import org.sftn.study.report.Page.Row;
import org.sftn.study.report.Page.Section;
import org.sftn.study.report.Page.Table;
import org.sftn.study.report.Page.Tile;
import org.sftn.study.report.Page.Tiles;
import org.sftn.train.quantity.StepQuantity;

/** What is said of a single training run. Parts without data are left out. */
final class RunPage {
    private static final String EPOCH = "epoch";
    private static final String TERM = "train_loss_";
    private static final String AUXILIARY = "train_top1_";
    private static final int INTERVALS = 4;

    private final TrainedRun run;

    private RunPage(TrainedRun run) {
        this.run = run;
    }

    static Page of(TrainedRun run) {
        return new RunPage(run).page();
    }

    private Page page() {
        List<Section> sections = new ArrayList<>();
        sections.add(new Section("At a glance", List.of(tiles())));
        List<Block> plots = plots();
        if (!plots.isEmpty()) {
            sections.add(new Section("Training", plots));
            sections.add(new Section("Epochs", List.of(epochs())));
        }
        List<Block> origin = new ArrayList<>();
        origin.add(new Facts(run.provenance().stream()
                .map(each -> new Fact(each.name(), each.value()))
                .toList()));
        origin.addAll(StudyPage.settings("Settings", run.configuration()));
        sections.add(new Section("Provenance", origin));
        return new Page(
                run.name(),
                List.of(String.format(Locale.ROOT, "A run of the %s job: %s", run.job(), run.status())),
                sections);
    }

    /** A column of metrics.csv, as it is shown. */
    private record Measure(String column, String name, double scale, Better better, DoubleFunction<String> format) {}

    private enum Better {
        HIGHER,
        LOWER,
        NEITHER
    }

    private List<Measure> measures() {
        List<Measure> measures = new ArrayList<>();
        measures.add(new Measure("train_loss", "Training loss", 1, Better.LOWER, Numbers::plain));
        for (String column : run.columns()) {
            if (column.startsWith(TERM)) {
                String term = column.substring(TERM.length());
                measures.add(new Measure(column, "Training loss, term " + term, 1, Better.LOWER, Numbers::plain));
            }
        }
        measures.add(new Measure("test_loss", "Test loss", 1, Better.LOWER, Numbers::plain));
        measures.add(percent("train_top1", "Training top-1, %", Better.HIGHER));
        for (String column : run.columns()) {
            if (column.startsWith(AUXILIARY)) {
                String name = column.substring(AUXILIARY.length());
                measures.add(percent(column, "Training top-1 of " + name + ", %", Better.HIGHER));
            }
        }
        measures.add(percent("test_top1", "Test top-1, %", Better.HIGHER));
        measures.add(percent("test_top5", "Test top-5, %", Better.HIGHER));
        measures.add(new Measure("learning_rate", "Learning rate", 1, Better.NEITHER, Numbers::plain));
        measures.add(new Measure("images_per_second", "Images per second", 1, Better.HIGHER, Numbers::plain));
        for (StepQuantity quantity : StepQuantity.values()) {
            measures.add(
                    quantity.isShareOfTime()
                            ? percent(quantity.column(), quantity.title(), Better.LOWER)
                            : new Measure(quantity.column(), quantity.title(), 1, Better.NEITHER, Numbers::plain));
        }
        measures.add(new Measure("seconds", "Seconds", 1, Better.LOWER, Numbers::plain));
        return measures.stream().filter(measure -> !points(measure).isEmpty()).toList();
    }

    private static Measure percent(String column, String name, Better better) {
        return new Measure(column, name, 100, better, value -> Numbers.fixed(value, 2));
    }

    /** Of the epochs that have it. */
    private List<Point> points(Measure measure) {
        List<Point> points = new ArrayList<>();
        for (int row = 0; row < run.metrics().rows().size(); row++) {
            OptionalDouble value = run.metrics().number(row, measure.column());
            if (value.isPresent() && Double.isFinite(value.getAsDouble())) {
                double epoch = run.metrics().number(row, EPOCH).orElse(row + 1.0);
                points.add(new Point(epoch, measure.scale() * value.getAsDouble(), Double.NaN));
            }
        }
        return points;
    }

    private Tiles tiles() {
        List<Tile> tiles = new ArrayList<>();
        tiles.add(new Tile("State", run.status().split(":", 2)[0], run.job() + " job"));
        for (Measure measure : measures()) {
            if (measure.column().equals("test_top1") || measure.column().equals("test_top5")) {
                List<Point> points = points(measure);
                Point last = points.get(points.size() - 1);
                tiles.add(new Tile(
                        measure.name().replace(", %", ""),
                        measure.format().apply(last.up()) + " %",
                        "after epoch " + Numbers.plain(last.across())));
            }
        }
        int epochs = run.metrics().rows().size();
        if (epochs > 0) {
            tiles.add(new Tile(
                    "Time of training",
                    Numbers.plain(run.metrics().seconds() / 60) + " min",
                    String.format(Locale.ROOT, "%d epochs, without evaluation", epochs)));
        }
        return new Tiles(tiles);
    }

    private List<Block> plots() {
        List<Figure> figures = new ArrayList<>();
        add(figures, "Loss", "loss", "train_loss", "test_loss");
        add(figures, "Accuracy", "images, %", "train_top1", "test_top1", "test_top5");
        add(figures, "Training accuracy of auxiliary classifiers", "images, %", columns(AUXILIARY));
        add(figures, "Terms of the training loss", "loss", columns(TERM));
        add(figures, "Learning rate", "learning rate", "learning_rate");
        add(figures, "Speed", "images per second", "images_per_second");
        add(
                figures,
                "Waits",
                "share of time, %",
                quantities()
                        .filter(StepQuantity::isShareOfTime)
                        .map(StepQuantity::column)
                        .toArray(String[]::new));
        quantities()
                .filter(quantity -> !quantity.isShareOfTime())
                .forEach(quantity -> add(figures, quantity.title(), quantity.title(), quantity.column()));
        return figures.isEmpty()
                ? List.of()
                : List.of(
                        new Paragraph("By epoch. The training loss is the whole loss of the job, the test loss is the"
                                + " cross-entropy."),
                        new Figures(List.of(), figures));
    }

    private static Stream<StepQuantity> quantities() {
        return Arrays.stream(StepQuantity.values());
    }

    private String[] columns(String prefix) {
        return run.columns().stream()
                .filter(column -> column.startsWith(prefix))
                .toArray(String[]::new);
    }

    private void add(List<Figure> figures, String title, String label, String... columns) {
        List<String> wanted = List.of(columns);
        List<Line> lines = new ArrayList<>();
        List<String> words = new ArrayList<>();
        for (Measure measure : measures()) {
            if (wanted.contains(measure.column())) {
                List<Point> points = points(measure);
                // The first style is the quiet one of baselines.
                lines.add(new Line(measure.name(), Style.of(lines.size() + 1), points));
                words.add(String.format(
                        Locale.ROOT,
                        "%s: %s",
                        measure.name(),
                        measure.format().apply(points.get(points.size() - 1).up())));
            }
        }
        if (lines.isEmpty()) {
            return;
        }
        figures.add(new Figure(
                title,
                String.format(Locale.ROOT, "By epoch. At the end: %s.", String.join("; ", words)),
                new LinePlot(
                        Axis.tight(all(lines, Point::across), INTERVALS),
                        Axis.of(all(lines, Point::up), INTERVALS),
                        EPOCH,
                        label,
                        lines)));
    }

    private static DoubleStream all(List<Line> lines, ToDoubleFunction<Point> number) {
        return lines.stream().flatMap(line -> line.points().stream()).mapToDouble(number);
    }

    private Table epochs() {
        List<Row> rows = new ArrayList<>();
        for (Measure measure : measures()) {
            List<Point> points = points(measure);
            Point best = points.get(0);
            for (Point point : points) {
                boolean better = switch (measure.better()) {
                    case HIGHER -> point.up() > best.up();
                    case LOWER -> point.up() < best.up();
                    case NEITHER -> false;
                };
                best = better ? point : best;
            }
            boolean hasBest = measure.better() != Better.NEITHER;
            rows.add(new Row(
                    Emphasis.NONE,
                    List.of(
                            measure.name(),
                            measure.format().apply(points.get(0).up()),
                            measure.format().apply(points.get(points.size() - 1).up()),
                            hasBest ? measure.format().apply(best.up()) : Numbers.NONE,
                            hasBest ? Numbers.plain(best.across()) : Numbers.NONE)));
        }
        List<Column> columns = new ArrayList<>(List.of(new Column("Measure", Content.TEXT)));
        for (String name : List.of("First", "Last", "Best", "In epoch")) {
            columns.add(new Column(name, Content.NUMBER));
        }
        return new Table("Measures of the epochs", columns, rows);
    }
}
