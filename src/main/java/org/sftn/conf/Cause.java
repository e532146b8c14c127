package org.sftn.conf;

import java.io.UncheckedIOException;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/** Why something has failed, in one line without passwords. */
public final class Cause {
    private static final Set<Class<?>> TELLING_NOTHING =
            Set.of(IllegalStateException.class, UncheckedIOException.class);

    private Cause() {}

    /**
     * Of our own exceptions, and of those whose class says nothing, the message says all; of others the class is said, too. Messages of ranks and of Spark hold whole stack traces,
     * which are left out; the innermost cause is added unless the message has it.
     */
    public static String of(Throwable thrown) {
        Throwable innermost = thrown;
        while (innermost.getCause() != null) {
            innermost = innermost.getCause();
        }
        String said = line(text(thrown));
        String cause = line(String.valueOf(innermost.getMessage()));
        return Redaction.of(said.contains(cause) ? said : said + ": " + line(text(innermost)));
    }

    private static String text(Throwable thrown) {
        Class<?> type = thrown.getClass();
        boolean tells = !type.getPackageName().startsWith("org.sftn.") && !TELLING_NOTHING.contains(type);
        return tells || thrown.getMessage() == null ? thrown.toString() : thrown.getMessage();
    }

    /** All that stands before a stack trace. */
    private static String line(String text) {
        List<String> before = text.lines()
                .takeWhile(line -> !line.startsWith("\tat ") && !line.startsWith("Driver stacktrace:"))
                .toList();
        return before.stream()
                .map(String::strip)
                .filter(line -> !line.isEmpty())
                .collect(Collectors.joining(" "));
    }
}
