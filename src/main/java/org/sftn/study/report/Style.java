package org.sftn.study.report;

import static org.sftn.study.report.Plot.at;

import java.util.List;

/**
 * How a series looks: by color, by shape and by dashes, so that each alone tells it.
 *
 * @param name the page's class of its color
 * @param shape of its points
 * @param dashes of its lines, in SVG's notation
 */
record Style(String name, Shape shape, String dashes) {
    /** Of students alone. */
    static final Style ALONE = new Style("alone", Shape.CROSS, "1.5 3.5");

    private static final List<Style> KINDS = List.of(
            new Style("series-1", Shape.SQUARE, "7 4"),
            new Style("series-2", Shape.CIRCLE, "none"),
            new Style("series-3", Shape.TRIANGLE, "9 3 2 3"),
            new Style("series-4", Shape.DIAMOND, "4 2"),
            new Style("series-5", Shape.RING, "12 4"),
            new Style("series-6", Shape.BOX, "2 2"));
    private static final double SIZE = 4.5;

    /** What is drawn at a point. */
    enum Shape {
        CIRCLE,
        SQUARE,
        TRIANGLE,
        DIAMOND,
        RING,
        BOX,
        CROSS
    }

    /** Of the first, second... kind; beyond the sixth they come again. */
    static Style of(int number) {
        return KINDS.get(number % KINDS.size());
    }

    /** @param title what a reader who points at it is told */
    void point(Markup to, double x, double y, String title) {
        switch (shape) {
            case CIRCLE -> to.open("circle", "class", "point", "cx", at(x), "cy", at(y), "r", at(SIZE));
            case RING -> to.open("circle", "class", "hollow", "cx", at(x), "cy", at(y), "r", at(SIZE));
            case SQUARE -> path(to, "point", x, y, 1, 1, 1, -1, -1, -1, -1, 1);
            case BOX -> path(to, "hollow", x, y, 1, 1, 1, -1, -1, -1, -1, 1);
            case TRIANGLE -> path(to, "point", x, y, 0, -1.2, 1.1, 0.9, -1.1, 0.9);
            case DIAMOND -> path(to, "point", x, y, 0, -1.3, 1.3, 0, 0, 1.3, -1.3, 0);
            case CROSS ->
                path(
                        to, "point", x, y, 0.3, -0.3, 0.3, -1.1, -0.3, -1.1, -0.3, -0.3, -1.1, -0.3, -1.1, 0.3, -0.3,
                        0.3, -0.3, 1.1, 0.3, 1.1, 0.3, 0.3, 1.1, 0.3, 1.1, -0.3);
        }
        if (!title.isEmpty()) {
            to.element("title", title);
        }
        to.close();
    }

    private static void path(Markup to, String style, double x, double y, double... corners) {
        StringBuilder path = new StringBuilder();
        for (int corner = 0; corner < corners.length; corner += 2) {
            path.append(corner == 0 ? "M" : "L")
                    .append(at(x + SIZE * 0.9 * corners[corner]))
                    .append(' ')
                    .append(at(y + SIZE * 0.9 * corners[corner + 1]));
        }
        to.open("path", "class", style, "d", path.append('Z').toString());
    }
}
