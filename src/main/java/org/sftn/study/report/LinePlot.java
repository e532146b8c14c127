package org.sftn.study.report;

import static org.sftn.study.report.Plot.at;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/** Lines with bands around them. */
record LinePlot(Axis across, Axis up, String acrossLabel, String upLabel, List<Line> lines) implements Plot {
    private static final int LEFT = 44;
    private static final int RIGHT = WIDTH - 12;
    private static final int TOP = 24;
    private static final int BOTTOM = 188;
    private static final int LABEL_CHARACTERS = 50;
    /** Of longer lines the end alone is marked. */
    private static final int MANY_POINTS = 12;

    LinePlot {
        lines = List.copyOf(lines);
    }

    /** @param points from left to right; what is not finite makes a gap */
    record Line(String name, Style style, List<Point> points) {
        Line {
            points = List.copyOf(points);
        }
    }

    /** @param spread half the width of the band; not a number for none */
    record Point(double across, double up, double spread) {
        boolean isFinite() {
            return Double.isFinite(across) && Double.isFinite(up);
        }

        boolean hasBand() {
            return isFinite() && Double.isFinite(spread);
        }
    }

    @Override
    public int height() {
        return BOTTOM + 38;
    }

    @Override
    public List<Style> styles() {
        return lines.stream().map(Line::style).toList();
    }

    @Override
    public void draw(Markup to) {
        for (Axis.Mark mark : up.marks()) {
            double y = y(mark.at());
            Plot.line(to, "grid", LEFT, y, RIGHT, y);
            Plot.label(to, mark.label(), LEFT - 6, y + 3.5, "end", 7);
        }
        int characters =
                Math.max(3, LABEL_CHARACTERS / Math.max(1, across.marks().size()));
        for (Axis.Mark mark : across.marks()) {
            double x = x(mark.at());
            Plot.line(to, "axis", x, BOTTOM, x, BOTTOM + 4);
            Plot.label(to, mark.label(), x, BOTTOM + 17, "middle", characters);
        }
        Plot.line(to, "axis", LEFT, BOTTOM, RIGHT, BOTTOM);
        Plot.label(to, upLabel, 0, 11, "start", LABEL_CHARACTERS);
        Plot.label(to, acrossLabel, RIGHT, BOTTOM + 33, "end", LABEL_CHARACTERS);
        lines.forEach(line -> draw(to, line));
    }

    private void draw(Markup to, Line line) {
        to.open("g", "class", line.style().name());
        for (List<Point> band : parts(line.points().stream().map(point -> point.hasBand() ? point : null))) {
            StringBuilder outline = new StringBuilder();
            band.forEach(point -> append(outline, x(point.across()), y(point.up() + point.spread())));
            for (int back = band.size() - 1; back >= 0; back--) {
                Point point = band.get(back);
                append(outline, x(point.across()), y(point.up() - point.spread()));
            }
            to.empty("polygon", "class", "band", "points", outline.toString());
        }
        for (List<Point> part : parts(line.points().stream().map(point -> point.isFinite() ? point : null))) {
            StringBuilder path = new StringBuilder();
            part.forEach(point -> append(path, x(point.across()), y(point.up())));
            to.empty(
                    "polyline",
                    "class",
                    "line",
                    "stroke-dasharray",
                    line.style().dashes(),
                    "points",
                    path.toString());
            List<Point> marked = part.size() <= MANY_POINTS ? part : part.subList(part.size() - 1, part.size());
            for (Point point : marked) {
                line.style()
                        .point(
                                to,
                                x(point.across()),
                                y(point.up()),
                                String.format(Locale.ROOT, "%s: %s", line.name(), Numbers.plain(point.up())));
            }
        }
        to.close();
    }

    /** Runs of points without a gap. */
    private static List<List<Point>> parts(Stream<Point> points) {
        List<List<Point>> parts = new ArrayList<>();
        List<Point> part = new ArrayList<>();
        for (Point point : points.toArray(Point[]::new)) {
            if (point != null) {
                part.add(point);
            } else if (!part.isEmpty()) {
                parts.add(part);
                part = new ArrayList<>();
            }
        }
        if (!part.isEmpty()) {
            parts.add(part);
        }
        return parts;
    }

    private double x(double value) {
        return across.place(value, LEFT, RIGHT);
    }

    /** What is outside of the axis stays at its end. */
    private double y(double value) {
        return Math.max(TOP, Math.min(BOTTOM, up.place(value, BOTTOM, TOP)));
    }

    private static void append(StringBuilder path, double x, double y) {
        path.append(path.isEmpty() ? "" : " ").append(at(x)).append(',').append(at(y));
    }
}
