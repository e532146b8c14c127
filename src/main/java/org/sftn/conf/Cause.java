package org.sftn.conf;

import java.io.UncheckedIOException;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/** Why something has failed, in one line without passwords. */
public final class Cause {
    /** Their names say nothing that their messages do not. */
    private static final Set<Class<?>> PLAIN = Set.of(IllegalStateException.class, UncheckedIOException.class);

    private Cause() {}

    /**
     * The message; with the name of the exception unless that is one of ours or says nothing. Messages of ranks and of Spark hold whole
     * stack traces, which are left out; the innermost cause is added unless the message has it.
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
        boolean nameless = type.getPackageName().startsWith("org.sftn.") || PLAIN.contains(type);
        return nameless && thrown.getMessage() != null ? thrown.getMessage() : thrown.toString();
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
