package org.sftn.study.report;

import java.util.List;
import java.util.Locale;

/** A drawing of {@link #WIDTH} by {@link #height} units, which are pixels on a telephone. Colors are the page's. */
interface Plot {
    int WIDTH = 340;

    int height();

    /** That it uses, of those that a key may explain. */
    List<Style> styles();

    void draw(Markup to);

    /** A coordinate. */
    static String at(double value) {
        return String.format(Locale.ROOT, "%.1f", value);
    }

    /** A text of the plot, cut to about what fits. */
    static void label(Markup to, String text, double x, double y, String anchor, int characters) {
        to.element(
                "text",
                text.length() > characters ? text.substring(0, Math.max(1, characters - 1)) + "…" : text,
                "x",
                at(x),
                "y",
                at(y),
                "text-anchor",
                anchor);
    }

    static void line(Markup to, String style, double fromX, double fromY, double toX, double toY) {
        to.empty("line", "class", style, "x1", at(fromX), "y1", at(fromY), "x2", at(toX), "y2", at(toY));
    }
}
