package org.sftn.study.report;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import org.sftn.study.StudyResult;
import org.sftn.study.TrainedRun;
import org.sftn.study.report.Page.Block;
import org.sftn.study.report.Page.Column;
import org.sftn.study.report.Page.Emphasis;
import org.sftn.study.report.Page.Entry;
import org.sftn.study.report.Page.Fact;
import org.sftn.study.report.Page.Facts;
import org.sftn.study.report.Page.Figure;
import org.sftn.study.report.Page.Figures;
import org.sftn.study.report.Page.Folded;
import org.sftn.study.report.Page.Heading;
import org.sftn.study.report.Page.Paragraph;
import org.sftn.study.report.Page.Row;
import org.sftn.study.report.Page.Section;
import org.sftn.study.report.Page.Table;
import org.sftn.study.report.Page.Tile;
import org.sftn.study.report.Page.Tiles;

/** A report as one HTML page that needs no other file, no network and no scripts. The same input gives the same bytes. */
public final class HtmlReport {
    private static final String STYLE = "report.css";
    private static final int KEY_WIDTH = 36;
    private static final int KEY_HEIGHT = 14;

    private final Markup page = new Markup();
    private int figures;

    private HtmlReport() {}

    public static String of(StudyResult study) {
        return new HtmlReport().write(StudyPage.of(study));
    }

    public static String of(TrainedRun run) {
        return new HtmlReport().write(RunPage.of(run));
    }

    private String write(Page content) {
        page.open("html", "lang", "en").line().open("head").line();
        page.empty("meta", "charset", "utf-8").line();
        page.empty("meta", "name", "viewport", "content", "width=device-width, initial-scale=1")
                .line();
        page.empty("meta", "name", "color-scheme", "content", "light dark").line();
        page.element("title", content.title()).line();
        page.style(style()).line().close().line();
        page.open("body").line();
        page.open("header").line();
        page.element("p", "SFTN on Spark", "class", "maker").line();
        page.element("h1", content.title()).line();
        content.lead().forEach(text -> page.element("p", text, "class", "lead").line());
        contents(content.sections());
        page.close().line();
        page.open("main").line();
        for (int section = 0; section < content.sections().size(); section++) {
            write(section, content.sections().get(section));
        }
        page.close().line();
        page.open("footer").line();
        page.element("p", "What each part means and how it is computed is said in docs/report.md of SFTN on Spark.")
                .line();
        page.close().line().close().line().close().line();
        return "<!DOCTYPE html>\n" + page;
    }

    private static String style() {
        try (InputStream in = HtmlReport.class.getResourceAsStream(STYLE)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String id(int section) {
        return "section-" + (section + 1);
    }

    private void contents(List<Section> sections) {
        page.open("nav", "aria-label", "Contents").open("ul").line();
        for (int section = 0; section < sections.size(); section++) {
            page.open("li")
                    .element("a", sections.get(section).title(), "href", "#" + id(section))
                    .close()
                    .line();
        }
        page.close().close().line();
    }

    private void write(int number, Section section) {
        page.open("section", "id", id(number), "aria-labelledby", id(number) + "-title")
                .line();
        page.element("h2", section.title(), "id", id(number) + "-title").line();
        section.blocks().forEach(this::write);
        page.close().line();
    }

    private void write(Block block) {
        if (block instanceof Paragraph paragraph) {
            page.element("p", paragraph.text());
        } else if (block instanceof Heading heading) {
            page.element("h3", heading.text());
        } else if (block instanceof Facts facts) {
            write(facts);
        } else if (block instanceof Tiles tiles) {
            write(tiles);
        } else if (block instanceof Table table) {
            write(table);
        } else if (block instanceof Figures some) {
            write(some);
        } else if (block instanceof Folded folded) {
            page.open("details").element("summary", folded.summary()).line();
            folded.blocks().forEach(this::write);
            page.close();
        }
        page.line();
    }

    private void write(Facts facts) {
        page.open("dl", "class", "facts").line();
        for (Fact fact : facts.facts()) {
            page.open("div").element("dt", fact.name()).element("dd", fact.value());
            page.close().line();
        }
        page.close();
    }

    private void write(Tiles tiles) {
        page.open("dl", "class", "tiles").line();
        for (Tile tile : tiles.tiles()) {
            page.open("div").element("dt", tile.name()).element("dd", tile.value(), "class", "value");
            page.element("dd", tile.note()).close().line();
        }
        page.close();
    }

    private void write(Table table) {
        // Who has no mouse can scroll what has the focus.
        page.open("div", "class", "scroll", "role", "region", "aria-label", table.caption(), "tabindex", "0")
                .open("table")
                .line();
        // The text stays in sight while a wide table is scrolled.
        page.open("caption").element("span", table.caption()).close().line();
        page.open("thead").open("tr");
        for (Column column : table.columns()) {
            page.element("th", column.name(), "scope", "col", "class", kind(column));
        }
        page.close().close().line().open("tbody").line();
        for (Row row : table.rows()) {
            boolean best = row.emphasis() == Emphasis.BEST;
            page.open("tr", "class", best ? "best" : "plain");
            for (int column = 0; column < row.cells().size(); column++) {
                String text = row.cells().get(column);
                String kind = kind(table.columns().get(column));
                if (column == 0) {
                    page.open("th", "scope", "row", "class", kind).text(text);
                    if (best) {
                        page.text(" ").element("span", "best", "class", "badge");
                    }
                    page.close();
                } else {
                    page.element("td", text, "class", kind);
                }
            }
            page.close().line();
        }
        page.close().close().close();
    }

    private static String kind(Column column) {
        return switch (column.content()) {
            case TEXT -> "text";
            case PROSE -> "prose";
            case NUMBER -> "number";
        };
    }

    private void write(Figures some) {
        key(some.key());
        page.open("div", "class", "figures").line();
        for (Figure figure : some.figures()) {
            figures++;
            String title = "figure-" + figures + "-title";
            String description = "figure-" + figures + "-description";
            page.open("figure")
                    .element("figcaption", figure.title(), "aria-hidden", "true")
                    .line();
            page.open(
                    "svg",
                    "xmlns",
                    "http://www.w3.org/2000/svg",
                    "role",
                    "img",
                    "viewBox",
                    String.format(
                            Locale.ROOT, "0 0 %d %d", Plot.WIDTH, figure.plot().height()),
                    "aria-labelledby",
                    title + " " + description);
            page.element("title", figure.title(), "id", title);
            page.element("desc", figure.description(), "id", description);
            figure.plot().draw(page);
            page.close();
            if (some.key().isEmpty() && figure.plot() instanceof LinePlot plot) {
                key(plot.lines().stream()
                        .map(line -> new Entry(line.style(), line.name()))
                        .toList());
            }
            page.close().line();
        }
        page.close();
    }

    private void key(List<Entry> entries) {
        if (entries.isEmpty()) {
            return;
        }
        page.open("ul", "class", "key", "aria-label", "Key");
        for (Entry entry : entries) {
            page.open("li")
                    .open(
                            "svg",
                            "xmlns",
                            "http://www.w3.org/2000/svg",
                            "aria-hidden",
                            "true",
                            "class",
                            entry.style().name(),
                            "viewBox",
                            String.format(Locale.ROOT, "0 0 %d %d", KEY_WIDTH, KEY_HEIGHT));
            page.empty(
                    "line",
                    "class",
                    "line",
                    "stroke-dasharray",
                    entry.style().dashes(),
                    "x1",
                    "0",
                    "y1",
                    Plot.at(KEY_HEIGHT / 2.0),
                    "x2",
                    Plot.at(KEY_WIDTH),
                    "y2",
                    Plot.at(KEY_HEIGHT / 2.0));
            entry.style().point(page, KEY_WIDTH / 2.0, KEY_HEIGHT / 2.0, "");
            page.close().element("span", entry.name()).close();
        }
        page.close().line();
    }
}
