package org.sftn.train;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.sftn.TestJvm;
import org.sftn.conf.TrainingSettings.ExchangeKind;
import org.sftn.train.ToyObjective.Trouble;

/** What becomes of a run whose executors die, or hang. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class LostExecutorsTest {
    private static final ToyObjective OBJECTIVE = ToyObjective.of(ToyRun.SIZE, ToyRun.CLASSES, true);

    private LocalCluster cluster;
    private ToyRun run;
    private TrainingResult undisturbed;

    @TempDir
    private Path folder;

    @BeforeAll
    void start(@TempDir Path shared) throws Exception {
        cluster = LocalCluster.start(
                2,
                shared.resolve("home"),
                // Those of conf/spark-defaults.conf.
                Map.of(
                        "spark.executor.heartbeatInterval", "2s",
                        "spark.network.timeoutInterval", "2s",
                        "spark.storage.blockManagerHeartbeatTimeoutMs", "10s",
                        "spark.scheduler.maxRegisteredResourcesWaitingTime", "300s"));
        run = ToyRun.prepare(cluster.spark(), shared.resolve("data"))
                .on(2, ExchangeKind.DIRECT)
                .saving(4)
                .trying(20);
        undisturbed = run.train(OBJECTIVE, shared.resolve("undisturbed"));
    }

    @AfterAll
    void stop() {
        cluster.close();
    }

    @Test
    void twoThatAreKilledOneAfterTheOtherCostNoBit() throws Exception {
        ByteArrayOutputStream progress = new ByteArrayOutputStream();
        Path happened = folder.resolve("happened");
        TrainingResult killed = run.train(
                OBJECTIVE.with(Trouble.KILL, 7, happened).twice(),
                folder.resolve("killed"),
                new PrintStream(progress, true, StandardCharsets.UTF_8));
        assertThat(progress.toString(StandardCharsets.UTF_8).split("training was interrupted"))
                .hasSizeGreaterThan(2);
        assertThat(Files.readString(happened)).isNotEqualTo(Files.readString(folder.resolve("happened-1")));
        ClusterTest.assertSame(killed, undisturbed);
    }

    @Test
    void oneThatHangsIsNoticedAndReplaced() throws Exception {
        ByteArrayOutputStream progress = new ByteArrayOutputStream();
        Path happened = folder.resolve("happened");
        TrainingResult stopped = run.train(
                OBJECTIVE.with(Trouble.STOP, 7, happened),
                folder.resolve("stopped"),
                new PrintStream(progress, true, StandardCharsets.UTF_8));
        assertThat(progress.toString(StandardCharsets.UTF_8))
                .contains("training was interrupted: continuing after iteration 4\n");
        ClusterTest.assertSame(stopped, undisturbed);
        ProcessHandle.of(Long.parseLong(Files.readString(happened)))
                .ifPresent(hung -> assertThat(hung.onExit()).succeedsWithin(TestJvm.HANGS));
    }
}
