package org.sftn.study.report;

import java.util.ArrayDeque;
import java.util.Deque;
import org.sftn.conf.Printable;

/** Writes elements that are well-formed as XML and as HTML; all texts and values are escaped. */
final class Markup {
    private final StringBuilder out = new StringBuilder();
    private final Deque<String> open = new ArrayDeque<>();

    /** @param attributes names and values by turns */
    Markup open(String name, String... attributes) {
        start(name, attributes);
        out.append('>');
        open.push(name);
        return this;
    }

    Markup close() {
        out.append("</").append(open.pop()).append('>');
        return this;
    }

    /** An element that holds a text alone. */
    Markup element(String name, String text, String... attributes) {
        return open(name, attributes).text(text).close();
    }

    /** An element that HTML allows no end for, or one of SVG. */
    Markup empty(String name, String... attributes) {
        start(name, attributes);
        out.append("/>");
        return this;
    }

    Markup text(String text) {
        out.append(escaped(text));
        return this;
    }

    Markup line() {
        out.append('\n');
        return this;
    }

    /** As it is: of a style sheet that needs no escapes. */
    Markup style(String css) {
        out.append("<style>\n").append(css).append("</style>");
        return this;
    }

    private void start(String name, String... attributes) {
        out.append('<').append(name);
        for (int at = 0; at < attributes.length; at += 2) {
            out.append(' ')
                    .append(attributes[at])
                    .append("=\"")
                    .append(escaped(attributes[at + 1]))
                    .append('"');
        }
    }

    private static String escaped(String text) {
        return Printable.whole(text)
                // The two that XML forbids besides.
                .replace('\uFFFE', '\uFFFD')
                .replace('\uFFFF', '\uFFFD')
                .replace("&", "&amp;")
                .replace("<", "&lt;")
                .replace(">", "&gt;")
                .replace("\"", "&quot;");
    }

    @Override
    public String toString() {
        return out.toString();
    }
}
