package org.sftn.job;

import java.util.Locale;
import java.util.function.Function;
import org.sftn.distill.method.Methods;
import org.sftn.zoo.Zoo;
import picocli.CommandLine.Command;

/**
 * What there is to choose from, without Spark.
 *
 * <p>Output: the distillation methods, one a line with its paper, and the networks.
 *
 * <p>Example: {@code jobs/list.sh}
 */
@Command(description = "List the distillation methods and the networks.")
final class Listing implements TextCommand {
    private static final int WIDTH = 110;

    @Override
    public String text() {
        int name = width(Methods.Method::name);
        int summary = width(Methods.Method::summary);
        StringBuilder text = new StringBuilder("Methods, for distill.method; the settings of NAME are distill.NAME.*");
        Methods.all()
                .forEach(method -> text.append(String.format(
                                Locale.ROOT,
                                "\n  %s  %s  %s",
                                padded(method.name(), name),
                                padded(method.summary(), summary),
                                method.paper())
                        .stripTrailing()));
        text.append("\n\nNetworks, for teacher.network, teacher.student and distill.student");
        String line = " ";
        for (String network : Zoo.names()) {
            if (line.length() + network.length() >= WIDTH) {
                text.append('\n').append(line);
                line = " ";
            }
            line += " " + network;
        }
        return text.append('\n').append(line).toString();
    }

    private static int width(Function<Methods.Method, String> column) {
        return Methods.all().stream().map(column).mapToInt(String::length).max().orElseThrow();
    }

    private static String padded(String text, int width) {
        return text + " ".repeat(width - text.length());
    }
}
