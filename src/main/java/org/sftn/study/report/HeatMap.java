package org.sftn.study.report;

import static org.sftn.study.report.Plot.at;

import java.util.List;
import java.util.OptionalDouble;
import java.util.function.DoubleFunction;
import java.util.stream.DoubleStream;

/**
 * A table of colors; each field has its number in it.
 *
 * @param values by row, then by column; not a number where there is none
 */
record HeatMap(
        String acrossLabel,
        List<String> across,
        String downLabel,
        List<String> down,
        List<List<Double>> values,
        DoubleFunction<String> format)
        implements Plot {
    /** Colors of the page, {@code heat-0} for the least. */
    private static final int COLORS = 5;

    private static final int LEFT = 58;
    private static final int RIGHT = WIDTH - 4;
    private static final int TOP = 42;
    private static final int FIELD = 32;
    private static final int SPACE = 2;

    HeatMap {
        across = List.copyOf(across);
        down = List.copyOf(down);
        values = values.stream().map(List::copyOf).toList();
    }

    @Override
    public int height() {
        return TOP + FIELD * down.size() + 4;
    }

    @Override
    public List<Style> styles() {
        return List.of();
    }

    @Override
    public void draw(Markup to) {
        double width = (RIGHT - LEFT) / (double) across.size();
        int characters = Math.max(2, (int) (width / 7));
        Plot.label(to, acrossLabel, RIGHT, 12, "end", 30);
        Plot.label(to, downLabel, 0, 30, "start", 18);
        for (int column = 0; column < across.size(); column++) {
            Plot.label(to, across.get(column), LEFT + (column + 0.5) * width, 34, "middle", characters);
        }
        double least = finite().min().orElse(0);
        double range = finite().max().orElse(1) - least;
        OptionalDouble greatest = finite().max();
        for (int row = 0; row < down.size(); row++) {
            double y = TOP + row * FIELD;
            Plot.label(to, down.get(row), LEFT - 8, y + FIELD / 2.0 + 3, "end", 8);
            for (int column = 0; column < across.size(); column++) {
                double value = values.get(row).get(column);
                if (!Double.isFinite(value)) {
                    continue;
                }
                int color = range > 0 ? (int) Math.min(COLORS - 1, (value - least) / range * COLORS) : 0;
                boolean best = value == greatest.getAsDouble();
                to.empty(
                        "rect",
                        "class",
                        "heat-" + color + (best ? " best" : ""),
                        "x",
                        at(LEFT + column * width + SPACE / 2.0),
                        "y",
                        at(y + SPACE / 2.0),
                        "width",
                        at(width - SPACE),
                        "height",
                        at(FIELD - SPACE),
                        "rx",
                        "3");
                to.open("g", "class", best ? "field best" : "field");
                Plot.label(
                        to,
                        format.apply(value),
                        LEFT + (column + 0.5) * width,
                        y + FIELD / 2.0 + 4,
                        "middle",
                        characters);
                to.close();
            }
        }
    }

    private DoubleStream finite() {
        return values.stream()
                .flatMap(List::stream)
                .mapToDouble(Double::doubleValue)
                .filter(Double::isFinite);
    }
}
