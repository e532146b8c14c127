package org.sftn.job;

import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.apache.commons.lang3.exception.ExceptionUtils;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.core.Appender;
import org.apache.logging.log4j.core.Layout;
import org.apache.logging.log4j.core.LogEvent;
import org.apache.logging.log4j.core.LoggerContext;
import org.apache.logging.log4j.core.appender.AbstractAppender;
import org.apache.logging.log4j.core.appender.ConsoleAppender;
import org.apache.logging.log4j.core.config.Configuration;
import org.apache.logging.log4j.core.config.DefaultConfiguration;
import org.apache.logging.log4j.core.config.LoggerConfig;
import org.apache.logging.log4j.core.config.Property;
import org.jspecify.annotations.Nullable;
import org.sftn.conf.Cause;

/**
 * The log of a driver on a user's console: an event is a line there. What Spark says with a stack trace the job says itself, once and in
 * short, so the console is spared it. Stack traces go to a file in {@code java.io.tmpdir}, which is made for the first of
 * them and stays when a line has named it.
 */
final class ConsoleLog implements Traces, AutoCloseable {
    private static final String OURS = "org.sftn.";

    /** What Spark takes when it finds no configuration. */
    private static final String SPARKS_OWN = "org/apache/spark/log4j2-defaults.properties";

    /** It tells of each task what the job tells of its end. */
    private static final String OF_TASKS = "org.apache.spark.scheduler.TaskSetManager";

    /** It ends the process, and nobody else says why. */
    private static final String OF_THE_END = "org.apache.spark.util.SparkUncaughtExceptionHandler";

    private final Path folder;
    private @Nullable Path file;
    private boolean named;
    private boolean silent;

    /** @param folder for the file */
    ConsoleLog(Path folder) {
        this.folder = folder;
    }

    /** Changes how this process logs to its console from now on. */
    static ConsoleLog install() {
        ConsoleLog log = new ConsoleLog(Path.of(System.getProperty("java.io.tmpdir")));
        log.sparkHasStarted();
        return log;
    }

    /** Spark 4 reads its configuration of the log once more. */
    @Override
    public void sparkHasStarted() {
        // Another library than Log4j may be behind Spark's log.
        if (LogManager.getContext(false) instanceof LoggerContext context) {
            configure(context);
            shorten(context);
        }
    }

    /** Where nobody has said what is to be logged, Spark would say everything: conf/log4j2.properties holds, which is in the jar, too. */
    static void configure(LoggerContext context) {
        Configuration given = context.getConfiguration();
        boolean sparks =
                String.valueOf(given.getConfigurationSource().getLocation()).endsWith(SPARKS_OWN);
        if (given instanceof DefaultConfiguration || sparks) {
            context.setConfigLocation(
                    URI.create(ConsoleLog.class.getResource("log4j2.properties").toString()));
        }
    }

    /** Spares its consoles stack traces. */
    void shorten(LoggerContext context) {
        LoggerConfig root = context.getConfiguration().getRootLogger();
        for (Appender appender : root.getAppenders().values()) {
            if (appender instanceof ConsoleAppender console) {
                root.removeAppender(console.getName());
                root.addAppender(new Shortened(console), null, null);
            }
        }
        context.updateLoggers();
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

    private synchronized String line(LogEvent event, String text) {
        if (silent) {
            return "";
        }
        boolean ours = event.getLoggerName().startsWith(OURS);
        Throwable thrown = event.getThrown();
        boolean hasTrace = thrown != null || text.contains("\n\tat ");
        if (!hasTrace && (ours || !event.getLoggerName().equals(OF_TASKS))) {
            return text;
        }
        // A layout may leave the trace to others.
        String where =
                write(thrown == null || text.contains("\n\tat ") ? text : text + ExceptionUtils.getStackTrace(thrown));
        boolean last = event.getLoggerName().equals(OF_THE_END) && thrown != null;
        if (!ours && !last) {
            return "";
        }
        named = true;
        String cause = last ? ": " + Cause.of(thrown) : "";
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

    /** A console that prints lines. */
    private final class Shortened extends AbstractAppender {
        private final Layout<?> layout;
        private final PrintStream console;

        Shortened(ConsoleAppender console) {
            super(console.getName(), console.getFilter(), null, console.ignoreExceptions(), Property.EMPTY_ARRAY);
            this.layout = console.getLayout();
            this.console = console.getTarget() == ConsoleAppender.Target.SYSTEM_OUT ? System.out : System.err;
            start();
        }

        @Override
        public void append(LogEvent event) {
            console.print(line(event, new String(layout.toByteArray(event), StandardCharsets.UTF_8)));
            console.flush();
        }
    }
}
