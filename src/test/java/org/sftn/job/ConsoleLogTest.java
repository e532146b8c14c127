package org.sftn.job;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.logging.log4j.Level;
import org.apache.logging.log4j.core.Logger;
import org.apache.logging.log4j.core.LoggerContext;
import org.apache.logging.log4j.core.config.DefaultConfiguration;
import org.apache.logging.log4j.core.config.builder.api.ConfigurationBuilder;
import org.apache.logging.log4j.core.config.builder.api.ConfigurationBuilderFactory;
import org.apache.logging.log4j.core.config.builder.api.LayoutComponentBuilder;
import org.apache.logging.log4j.core.config.builder.impl.BuiltConfiguration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ConsoleLogTest {
    private static final Pattern WHERE = Pattern.compile("stack trace in (\\S+/sftn-\\d+\\.log)");

    @TempDir
    private Path folder;

    private final ByteArrayOutputStream printed = new ByteArrayOutputStream();
    private final LoggerContext context = new LoggerContext("test");
    private final Logger ours = context.getLogger("org.sftn.job.Any");
    private final Logger sparks = context.getLogger("org.apache.spark.executor.Any");
    private final Logger ofTasks = context.getLogger("org.apache.spark.scheduler.TaskSetManager");
    private ConsoleLog log;

    @BeforeEach
    void listen() {
        log = new ConsoleLog(folder);
        use("%p %c{1}: %m%n");
    }

    private void use(String pattern) {
        ConfigurationBuilder<BuiltConfiguration> builder = ConfigurationBuilderFactory.newConfigurationBuilder();
        LayoutComponentBuilder layout = builder.newLayout("PatternLayout").addAttribute("pattern", pattern);
        builder.add(builder.newAppender("stderr", "Console")
                .addAttribute("target", "SYSTEM_ERR")
                .add(layout));
        builder.add(builder.newRootLogger(Level.INFO).add(builder.newAppenderRef("stderr")));
        PrintStream err = System.err;
        System.setErr(new PrintStream(printed, true, StandardCharsets.UTF_8));
        try {
            context.start(builder.build());
            log.shorten(context);
        } finally {
            System.setErr(err);
        }
    }

    @AfterEach
    void leaveItAsItWas() {
        context.stop();
    }

    private String printed() {
        return printed.toString(StandardCharsets.UTF_8);
    }

    private static Path named(String text) {
        Matcher where = WHERE.matcher(text);
        assertThat(where.find()).as(text).isTrue();
        return Path.of(where.group(1));
    }

    @Test
    void anEventOfOursIsALineThatNamesTheFile() throws IOException {
        ours.warn("attempt 1 has failed", new IOException("full"));

        assertThat(printed()).matches("WARN Any: attempt 1 has failed \\(" + WHERE + "\\)\n");
        assertThat(named(printed())).content().contains("java.io.IOException: full\n\tat org.sftn.job.ConsoleLogTest");
    }

    @Test
    void alsoWhereTheLayoutPrintsStackTraces() {
        use("%p: %m%n%throwable");

        ours.warn("attempt 1 has failed", new IOException("full"));

        assertThat(printed()).matches("WARN: attempt 1 has failed \\(" + WHERE + "\\)\n");
    }

    @Test
    void whatOthersSayWithAStackTraceIsInTheFileAlone() {
        sparks.error("task 3 has failed", new IOException("full"));
        ofTasks.warn("Lost task 3: java.io.IOException: full\n\tat some.Where");
        ofTasks.error("Task 3 failed 4 times; aborting job");
        assertThat(printed()).isEmpty();
        sparks.warn("one executor is lost");
        assertThat(printed()).isEqualTo("WARN Any: one executor is lost\n");

        String where = log.keep("prepare failed", new IllegalStateException("no shards"));

        log.close();
        assertThat(named(where))
                .content()
                .contains("task 3 has failed\njava.io.IOException: full\n\tat ")
                .contains("Lost task 3: java.io.IOException: full\n\tat some.Where\n")
                .contains("Task 3 failed 4 times; aborting job\n")
                .contains("prepare failed\njava.lang.IllegalStateException: no shards\n\tat ");
    }

    @Test
    void aFileOfWhichNobodyWasToldIsDeleted() {
        sparks.error("task 3 has failed", new IOException("full"));
        assertThat(folder).isNotEmptyDirectory();

        log.close();

        assertThat(folder).isEmptyDirectory();
    }

    @Test
    void afterASignalNothingIsSaid() {
        log.silence();

        ours.error("interrupted", new InterruptedException());
        sparks.error("stopped");

        assertThat(printed()).isEmpty();
        assertThat(folder).isEmptyDirectory();
    }

    @Test
    void whatEndsTheProcessIsSaidWithItsCause() {
        context.getLogger("org.apache.spark.util.SparkUncaughtExceptionHandler")
                .error("Uncaught exception in thread task-3", new OutOfMemoryError("Java heap space"));

        assertThat(printed())
                .matches(
                        "ERROR SparkUncaughtExceptionHandler: Uncaught exception in thread task-3: java.lang.OutOfMemoryError: Java heap space \\("
                                + WHERE + "\\)\n");
    }

    @Test
    void whereNothingIsConfiguredOurFileHolds() throws Exception {
        LoggerContext unsaid = new LoggerContext("unsaid");
        unsaid.start(new DefaultConfiguration());

        ConsoleLog.configure(unsaid);

        assertThat(unsaid.getLogger("org.apache.spark.Any").getLevel()).isEqualTo(Level.WARN);
        assertThat(unsaid.getLogger("org.sftn.job.Any").getLevel()).isEqualTo(Level.INFO);
        assertThat(unsaid.getLogger("org.sftn.progress").getLevel()).isEqualTo(Level.OFF);
        unsaid.stop();
    }

    @Test
    void whatTheUserHasConfiguredStays() {
        ConsoleLog.configure(context);

        assertThat(sparks.getLevel()).isEqualTo(Level.INFO);
    }

    @Test
    void aFileThatCannotBeMadeIsSaid() {
        ConsoleLog nowhere = new ConsoleLog(folder.resolve("missing"));

        assertThat(nowhere.keep("prepare failed", new IOException("full")))
                .startsWith("its stack trace cannot be written: java.nio.file.NoSuchFileException: " + folder);
    }
}
