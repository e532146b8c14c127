package org.sftn.job;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStreamWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.log4j.ConsoleAppender;
import org.apache.log4j.EnhancedPatternLayout;
import org.apache.log4j.Layout;
import org.apache.log4j.Logger;
import org.apache.log4j.PatternLayout;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ConsoleLogTest {
    private static final Logger OURS = Logger.getLogger("org.sftn.job.Any");
    private static final Logger SPARKS = Logger.getLogger("org.apache.spark.executor.Any");
    private static final Logger OF_TASKS = Logger.getLogger("org.apache.spark.scheduler.TaskSetManager");
    private static final Pattern WHERE = Pattern.compile("stack trace in (\\S+/sftn-\\d+\\.log)");

    @TempDir
    private Path folder;

    private final ByteArrayOutputStream printed = new ByteArrayOutputStream();
    private final ConsoleAppender console = new ConsoleAppender();
    private final Logger root = Logger.getRootLogger();
    private ConsoleLog log;

    @BeforeEach
    void listen() {
        log = new ConsoleLog(folder);
        use(new PatternLayout("%p %c{1}: %m%n"));
        console.setWriter(new OutputStreamWriter(printed, StandardCharsets.UTF_8));
        root.addAppender(console);
    }

    private void use(Layout layout) {
        console.setLayout(layout);
        log.shorten(console);
    }

    @AfterEach
    void leaveItAsItWas() {
        root.removeAppender(console);
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
        OURS.warn("attempt 1 has failed", new IOException("full"));

        assertThat(printed()).matches("WARN Any: attempt 1 has failed \\(" + WHERE + "\\)\n");
        assertThat(named(printed())).content().contains("java.io.IOException: full\n\tat org.sftn.job.ConsoleLogTest");
    }

    @Test
    void alsoWhereTheLayoutPrintsStackTraces() {
        use(new EnhancedPatternLayout("%p: %m%n%throwable"));

        OURS.warn("attempt 1 has failed", new IOException("full"));

        assertThat(printed()).matches("WARN: attempt 1 has failed \\(" + WHERE + "\\)\n");
    }

    @Test
    void whatOthersSayWithAStackTraceIsInTheFileAlone() {
        SPARKS.error("task 3 has failed", new IOException("full"));
        OF_TASKS.warn("Lost task 3: java.io.IOException: full\n\tat some.Where");
        OF_TASKS.error("Task 3 failed 4 times; aborting job");
        assertThat(printed()).isEmpty();
        SPARKS.warn("one executor is lost");
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
        SPARKS.error("task 3 has failed", new IOException("full"));
        assertThat(folder).isNotEmptyDirectory();

        log.close();

        assertThat(folder).isEmptyDirectory();
    }

    @Test
    void afterASignalNothingIsSaid() {
        log.silence();

        OURS.error("interrupted", new InterruptedException());
        SPARKS.error("stopped");

        assertThat(printed()).isEmpty();
        assertThat(folder).isEmptyDirectory();
    }

    @Test
    void whatEndsTheProcessIsSaidWithItsCause() {
        Logger.getLogger("org.apache.spark.util.SparkUncaughtExceptionHandler")
                .error("Uncaught exception in thread task-3", new OutOfMemoryError("Java heap space"));

        assertThat(printed())
                .matches(
                        "ERROR SparkUncaughtExceptionHandler: Uncaught exception in thread task-3: java.lang.OutOfMemoryError: Java heap space \\("
                                + WHERE + "\\)\n");
    }

    @Test
    void aFileThatCannotBeMadeIsSaid() {
        ConsoleLog nowhere = new ConsoleLog(folder.resolve("missing"));

        assertThat(nowhere.keep("prepare failed", new IOException("full")))
                .startsWith("its stack trace cannot be written: java.nio.file.NoSuchFileException: " + folder);
    }
}
