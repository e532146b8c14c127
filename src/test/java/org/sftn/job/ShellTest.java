package org.sftn.job;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import java.util.jar.JarOutputStream;
import org.apache.hadoop.security.AccessControlException;
import org.apache.spark.SparkContext;
import org.apache.spark.SparkException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.sftn.TestProperties;
import org.sftn.conf.UserException;

/** How a job may end, and what it finds when it starts. */
class ShellTest {
    @TempDir
    private Path folder;

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

    private TestProperties spark;

    @BeforeEach
    void localSpark() {
        spark = TestProperties.with(Map.of("spark.master", "local[2]", "spark.ui.enabled", "false"));
    }

    @AfterEach
    void leaveItAsItWas() {
        spark.close();
    }

    @Test
    void aJobEndsWithItsSummary() {
        assertThat(run(session -> new JobPlan(List.of("plan"), () -> "all done")))
                .isEqualTo(Shell.DONE);
        assertThat(out.toString(StandardCharsets.UTF_8)).isEqualTo("all done\n");
    }

    @Test
    void aFailureIsOneLineOnTheTerminal() {
        int code = run(session -> new JobPlan(List.of(), () -> {
            throw new IOException("disk full\n\tat Some.where");
        }));

        assertThat(code).isEqualTo(Shell.FAILURE);
        assertThat(error()).isEqualTo("error: test failed: disk full (stack trace in the log)\n");
        assertThat(out.size()).isZero();
    }

    @Test
    void anErrorOfTheMachineIsAFailureToo() {
        assertThat(run(session -> {
                    throw new OutOfMemoryError("Java heap space");
                }))
                .isEqualTo(Shell.FAILURE);
        assertThat(error()).startsWith("error: test failed: java.lang.OutOfMemoryError: Java heap space");
    }

    @Test
    void aMistakeThatAnExecutorFindsIsTheUsers() {
        int code = run(session -> new JobPlan(List.of(), () -> {
            session.spark().parallelize(List.of(1)).foreach(x -> {
                throw new UserException("the shard is damaged");
            });
            return "";
        }));

        assertThat(code).isEqualTo(Shell.USER_MISTAKE);
        assertThat(error()).isEqualTo("error: the shard is damaged\n");
    }

    @Test
    void whatTheFileSystemForbidsIsTheUsersToMend() {
        int code = run(session -> new JobPlan(List.of(), () -> {
            throw new AccessControlException("Permission denied: user=a, access=WRITE\n\tat a.server");
        }));

        assertThat(code).isEqualTo(Shell.USER_MISTAKE);
        assertThat(error()).isEqualTo("error: Permission denied: user=a, access=WRITE\n");
    }

    @Test
    void oneLocalFolderIsEnoughForSpark() throws IOException {
        Path file = Files.createFile(folder.resolve("file"));
        try (TestProperties local =
                TestProperties.with(Map.of("spark.local.dir", file + "," + folder.resolve("new")))) {
            assertThat(run(session -> new JobPlan(List.of(), () -> ""))).isEqualTo(Shell.DONE);
        }
    }

    @Test
    void aLocalMasterGetsNoCopyOfTheJobJar() throws IOException {
        new JarOutputStream(Files.newOutputStream(folder.resolve("job.jar"))).close();
        try (TestProperties jars = TestProperties.with(
                Map.of("spark.jars", folder.resolve("job.jar").toString()))) {
            assertThat(run(session -> new JobPlan(
                            List.of(), () -> session.spark().sc().listJars().mkString(","))))
                    .isEqualTo(Shell.DONE);
        }
        assertThat(out.toString(StandardCharsets.UTF_8)).isEqualTo("\n");
    }

    @Test
    void sparkIsStoppedHoweverTheJobEnds() {
        AtomicReference<SparkContext> spark = new AtomicReference<>();

        run(session -> {
            spark.set(session.spark().sc());
            throw new SparkException("lost");
        });

        assertThat(spark.get().isStopped()).isTrue();
    }

    @Test
    void replicasShareTheCoresOfALocalMaster() {
        for (int replicas : List.of(1, 2, 3)) {
            run(new Replicas(replicas));
        }

        assertThat(out.toString(StandardCharsets.UTF_8)).isEqualTo("2\n1\n1\n");
    }

    /** Says how many cores a task has. */
    private record Replicas(int count) implements Job {
        @Override
        public int replicas(org.sftn.conf.Settings settings) {
            return count;
        }

        @Override
        public JobPlan plan(Session session) {
            return new JobPlan(List.of(), () -> session.spark().sc().getConf().get("spark.task.cpus"));
        }
    }

    @FunctionalInterface
    private interface Body extends Job {
        JobPlan body(Session session) throws Exception;

        @Override
        default JobPlan plan(Session session) throws IOException {
            try {
                return body(session);
            } catch (IOException | RuntimeException e) {
                throw e;
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
        }
    }

    private int run(Body body) {
        return run((Job) body);
    }

    private int run(Job job) {
        Options options = new Options();
        options.out = folder.toString();
        PrintStream terminal = print(err);
        return new Shell(print(out), terminal, Traces.inTheLog(), error -> terminal.println("error: " + error))
                .run("test", job, options);
    }

    private String error() {
        return err.toString(StandardCharsets.UTF_8);
    }

    private static PrintStream print(ByteArrayOutputStream bytes) {
        return new PrintStream(bytes, true, StandardCharsets.UTF_8);
    }
}
