package org.sftn.job;

import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Enumeration;
import org.apache.commons.lang3.exception.ExceptionUtils;
import org.apache.log4j.ConsoleAppender;
import org.apache.log4j.Layout;
import org.apache.log4j.Logger;
import org.apache.log4j.spi.LoggingEvent;
import org.sftn.conf.Cause;

/**
 * The log of a driver on a user's console: an event is a line there. What Spark says with a stack trace the job says itself, once and in
 * short, so the console is spared it. Stack traces go to a file in {@code java.io.tmpdir}, which is made for the first of
 * them and stays when a line has named it.
 */
final class ConsoleLog implements Traces, AutoCloseable {
    private static final String OURS = "org.sftn.";

    /** It tells of each task what the job tells of its end. */
    private static final String OF_TASKS = "org.apache.spark.scheduler.TaskSetManager";

    /** It ends the process, and nobody else says why. */
    private static final String OF_THE_END = "org.apache.spark.util.SparkUncaughtExceptionHandler";

    private final Path folder;
    private Path file;
    private boolean named;
    private boolean silent;

    /** @param folder for the file */
    ConsoleLog(Path folder) {
        this.folder = folder;
    }

    /** Changes how this process logs to its console from now on. */
    static ConsoleLog install() {
        ConsoleLog log = new ConsoleLog(Path.of(System.getProperty("java.io.tmpdir")));
        Enumeration<?> appenders = Logger.getRootLogger().getAllAppenders();
        while (appenders.hasMoreElements()) {
            if (appenders.nextElement() instanceof ConsoleAppender console) {
                log.shorten(console);
            }
        }
        return log;
    }

    /** Spares it stack traces. */
    void shorten(ConsoleAppender console) {
        console.setLayout(new Lines(console.getLayout()));
    }

    @Override
    public synchronized String keep(String what, Throwable thrown) {
        named = true;
        return write(what + "\n" + ExceptionUtils.getStackTrace(thrown));
    }

    /** Scala prints what fails in its threads to the process's stream, past any log. */
    @Override
    public void silence() {
        close();
        System.setErr(new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8));
    }

    private String write(String text) {
        try {
            if (file == null) {
                file = Files.createTempFile(folder, "sftn-", ".log");
            }
            Files.writeString(file, text, StandardOpenOption.APPEND);
            return "stack trace in " + file;
        } catch (IOException e) {
            return "its stack trace cannot be written: " + e;
        }
    }

    private synchronized String line(LoggingEvent event, String text) {
        if (silent) {
            return "";
        }
        boolean ours = event.getLoggerName().startsWith(OURS);
        boolean hasTrace = event.getThrowableInformation() != null || text.contains("\n\tat ");
        if (!hasTrace && (ours || !event.getLoggerName().equals(OF_TASKS))) {
            return text;
        }
        String[] trace = event.getThrowableStrRep();
        String where = write(trace == null ? text : text + String.join("\n", trace) + "\n");
        boolean last = event.getLoggerName().equals(OF_THE_END) && event.getThrowableInformation() != null;
        if (!ours && !last) {
            return "";
        }
        named = true;
        String cause = last ? ": " + Cause.of(event.getThrowableInformation().getThrowable()) : "";
        return text.lines().findFirst().orElse("") + cause + " (" + where + ")\n";
    }

    /** Nothing is printed any more; a file of which nobody was told is deleted. */
    @Override
    public synchronized void close() {
        silent = true;
        if (file != null && !named) {
            try {
                Files.deleteIfExists(file);
            } catch (IOException e) {
                // A temporary file stays.
            }
        }
    }

    /** What an appender prints of its events. */
    private final class Lines extends Layout {
        private final Layout layout;

        Lines(Layout layout) {
            this.layout = layout;
        }

        @Override
        public String format(LoggingEvent event) {
            return line(event, layout.format(event));
        }

        /** False: no appender adds it. */
        @Override
        public boolean ignoresThrowable() {
            return false;
        }

        @Override
        public void activateOptions() {}
    }
}
