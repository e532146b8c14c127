package org.sftn.study.report;

import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.sftn.conf.Printable;
import org.sftn.study.StudyResult;
import org.sftn.study.TrainedRun;
import org.sftn.study.report.Page.Block;
import org.sftn.study.report.Page.Content;
import org.sftn.study.report.Page.Emphasis;
import org.sftn.study.report.Page.Fact;
import org.sftn.study.report.Page.Facts;
import org.sftn.study.report.Page.Figures;
import org.sftn.study.report.Page.Folded;
import org.sftn.study.report.Page.Heading;
import org.sftn.study.report.Page.Paragraph;
import org.sftn.study.report.Page.Row;
import org.sftn.study.report.Page.Section;
import org.sftn.study.report.Page.Table;
import org.sftn.study.report.Page.Tile;
import org.sftn.study.report.Page.Tiles;

/** A report as Markdown: its texts and tables, for documents. */
public final class MarkdownReport {
    /** What means something within a line. */
    private static final Pattern SPECIAL = Pattern.compile("[\\\\`*_\\[\\]<>|#&~!$]");
    /** What makes a list, or a heading of the line before, at a line's start. */
    private static final Pattern START = Pattern.compile("^(\\d*)([-+=.)])");

    private final StringBuilder out = new StringBuilder();

    private MarkdownReport() {}

    public static String of(StudyResult study) {
        return new MarkdownReport().write(StudyPage.of(study));
    }

    public static String of(TrainedRun run) {
        return new MarkdownReport().write(RunPage.of(run));
    }

    private String write(Page page) {
        out.append("# ").append(escaped(page.title())).append('\n');
        page.lead().forEach(this::paragraph);
        for (Section section : page.sections()) {
            out.append("\n## ").append(escaped(section.title())).append('\n');
            section.blocks().forEach(this::write);
        }
        return out.toString();
    }

    private void write(Block block) {
        if (block instanceof Paragraph paragraph) {
            paragraph(paragraph.text());
        } else if (block instanceof Heading) {
            // It stands above figures; the tables name what they are of.
            return;
        } else if (block instanceof Facts facts) {
            list(facts.facts().stream().map(MarkdownReport::item).toList());
        } else if (block instanceof Tiles tiles) {
            list(tiles.tiles().stream().map(MarkdownReport::item).toList());
        } else if (block instanceof Table table) {
            write(table);
        } else if (block instanceof Folded folded) {
            folded.blocks().forEach(this::write);
        } else if (block instanceof Figures) {
            return;
        }
    }

    private void paragraph(String text) {
        String escaped = escaped(text.strip());
        if (!escaped.isEmpty()) {
            out.append('\n')
                    .append(START.matcher(escaped).replaceFirst("$1\\\\$2"))
                    .append('\n');
        }
    }

    private void list(List<String> items) {
        out.append('\n');
        items.forEach(item -> out.append("- ").append(item).append('\n'));
    }

    private static String item(Fact fact) {
        return String.format(Locale.ROOT, "%s: %s", escaped(fact.name()), escaped(fact.value()));
    }

    private static String item(Tile tile) {
        return String.format(
                Locale.ROOT, "%s: %s (%s)", escaped(tile.name()), escaped(tile.value()), escaped(tile.note()));
    }

    private void write(Table table) {
        paragraph(table.caption());
        out.append('\n');
        row(table.columns().stream().map(column -> escaped(column.name())).toList());
        row(table.columns().stream()
                .map(column -> column.content() == Content.NUMBER ? "---:" : "---")
                .toList());
        for (Row row : table.rows()) {
            String mark = row.emphasis() == Emphasis.BEST ? "**" : "";
            row(row.cells().stream()
                    .map(cell -> cell.isBlank() ? "" : mark + escaped(cell.strip()) + mark)
                    .toList());
        }
    }

    private void row(List<String> cells) {
        out.append(cells.stream().collect(Collectors.joining(" | ", "| ", " |\n")));
    }

    private static String escaped(String text) {
        return SPECIAL.matcher(Printable.whole(text)).replaceAll("\\\\$0");
    }
}
