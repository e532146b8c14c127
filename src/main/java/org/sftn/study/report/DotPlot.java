package org.sftn.study.report;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.sftn.study.Interval;

/** Rows of dots with intervals. */
record DotPlot(Axis across, String acrossLabel, List<Row> rows) implements Plot {
    private static final int LEFT = 8;
    private static final int RIGHT = WIDTH - 8;
    private static final int TOP = 4;
    private static final int LABEL = 20;
    private static final int DOT = 16;
    private static final int GAP = 6;
    private static final int CHARACTERS = 52;

    DotPlot {
        rows = List.copyOf(rows);
    }

    record Row(String label, List<Dot> dots) {
        Row {
            dots = List.copyOf(dots);
        }

        int height() {
            return LABEL + DOT * dots.size() + GAP;
        }
    }

    /** @param interval null for none */
    record Dot(Style style, double value, @Nullable Interval interval, String title) {}

    @Override
    public int height() {
        return bottom() + 38;
    }

    private int bottom() {
        return TOP + rows.stream().mapToInt(Row::height).sum();
    }

    @Override
    public List<Style> styles() {
        return rows.stream().flatMap(row -> row.dots().stream()).map(Dot::style).toList();
    }

    @Override
    public void draw(Markup to) {
        int bottom = bottom();
        for (Axis.Mark mark : across.marks()) {
            double x = x(mark.at());
            Plot.line(to, mark.at() == 0 ? "zero" : "grid", x, TOP, x, bottom);
            String anchor = x < LEFT + 12 ? "start" : x > RIGHT - 12 ? "end" : "middle";
            Plot.label(to, mark.label(), x, bottom + 16, anchor, 8);
        }
        Plot.label(to, acrossLabel, RIGHT, bottom + 32, "end", CHARACTERS);
        int top = TOP;
        for (Row row : rows) {
            to.open("g", "class", "row");
            Plot.label(to, row.label(), LEFT, top + 14, "start", CHARACTERS);
            to.close();
            double y = top + LABEL + DOT / 2.0;
            for (Dot dot : row.dots()) {
                to.open("g", "class", dot.style().name());
                if (dot.interval() != null) {
                    double low = x(dot.interval().low());
                    double high = x(dot.interval().high());
                    Plot.line(to, "line", low, y, high, y);
                    Plot.line(to, "line", low, y - 4, low, y + 4);
                    Plot.line(to, "line", high, y - 4, high, y + 4);
                }
                dot.style().point(to, x(dot.value()), y, dot.title());
                to.close();
                y += DOT;
            }
            top += row.height();
        }
    }

    private double x(double value) {
        return across.place(value, LEFT + 4, RIGHT - 4);
    }
}
