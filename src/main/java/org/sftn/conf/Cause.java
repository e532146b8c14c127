package org.sftn.conf;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** Why something has failed, in one line without passwords. */
public final class Cause {
    /** Exceptions whose names say nothing that their messages do not. */
    private static final Pattern NAME = Pattern.compile(
            "(?:java\\.io\\.(?:Unchecked)?IOException|java\\.lang\\.(?:IllegalState|Runtime)Exception|org\\.apache\\.spark\\.SparkException): (?=.)");

    /** What Spark says of a task before it says why that has failed. */
    private static final Pattern TASK = Pattern.compile(
            "Job aborted due to stage failure: .*? \\(TID \\d+(?:, |\\) \\()(?<host>[^,() ]+),? executor (?<executor>[^,() ]+)\\): (?<why>.+)");

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
        String said = plain(line(text(thrown)));
        String cause = innermost.getMessage() == null ? innermost.toString() : innermost.getMessage();
        boolean isSaid = innermost == thrown || said.contains(plain(line(cause)));
        return Redaction.of(isSaid ? said : said + ": " + plain(line(text(innermost))));
    }

    private static String text(Throwable thrown) {
        boolean ours = thrown.getClass().getPackageName().startsWith("org.sftn.");
        return ours && thrown.getMessage() != null ? thrown.getMessage() : thrown.toString();
    }

    /** All that stands before a stack trace. */
    private static String line(String text) {
        return text.lines()
                .takeWhile(line -> !line.startsWith("\tat ") && !line.startsWith("Driver stacktrace:"))
                .map(String::strip)
                .filter(line -> !line.isEmpty())
                .collect(Collectors.joining(" "));
    }

    private static String plain(String said) {
        Matcher name = NAME.matcher(said);
        if (name.lookingAt()) {
            return plain(said.substring(name.end()));
        }
        Matcher task = TASK.matcher(said);
        if (!task.find()) {
            return said;
        }
        String where = task.group("executor").equals("driver")
                ? ""
                : " (on " + task.group("host") + ", executor " + task.group("executor") + ")";
        return said.substring(0, task.start()) + plain(task.group("why")) + where;
    }
}
