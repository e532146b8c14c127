package org.sftn.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.apache.spark.SparkContext;
import org.apache.spark.SparkEnv;
import org.apache.spark.api.java.JavaSparkContext;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.sftn.LocalSpark;
import org.sftn.TestLog;
import org.sftn.conf.TrainingSettings.ExchangeKind;
import org.sftn.conf.UserException;
import org.sftn.nn.Tensor;
import org.sftn.train.ToyObjective.Trouble;
import org.sftn.train.platform.Stretch;
import org.sftn.train.spark.SparkScheduler;

/** Executors in processes of their own, with the settings of {@code deploy/security}. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ClusterTest {
    private static final ToyObjective OBJECTIVE = ToyObjective.of(ToyRun.SIZE, ToyRun.CLASSES, true);
    private static final String WAITING = "spark.scheduler.maxRegisteredResourcesWaitingTime";
    private static final String LONG = "300s";

    private LocalCluster cluster;
    private ToyRun run;
    private TrainingResult plain;

    @TempDir
    private Path folder;

    @BeforeAll
    void trainInOneProcessThenStart(@TempDir Path shared) throws Exception {
        Path data = shared.resolve("data");
        try (JavaSparkContext local = LocalSpark.start(2)) {
            assertThat(SparkEnv.get().securityManager().isAuthenticationEnabled())
                    .isFalse();
            plain = ToyRun.prepare(local, data)
                    .on(2, ExchangeKind.DIRECT)
                    .saving(4)
                    .train(OBJECTIVE, shared.resolve("plain"));
        }
        Map<String, String> settings = new HashMap<>(SecureClusterTest.settings());
        settings.put(WAITING, LONG);
        cluster = LocalCluster.start(2, shared.resolve("home"), settings);
        run = ToyRun.of(cluster.spark(), data);
    }

    @AfterAll
    void stop() {
        cluster.close();
    }

    @Test
    void trainingGivesTheSameWeightsAsWithoutProtection() throws Exception {
        assertThat(SparkEnv.get().securityManager().isAuthenticationEnabled()).isTrue();
        assertThat(SparkEnv.get().securityManager().isEncryptionEnabled()).isTrue();
        assertThat(SparkEnv.get().securityManager().getIOEncryptionKey().isDefined())
                .isTrue();
        for (ExchangeKind kind : ExchangeKind.values()) {
            assertSame(run.on(2, kind).train(OBJECTIVE, folder.resolve("with-" + kind)), plain);
        }
    }

    @Test
    void anExecutorThatIsKilledCostsNoBit() throws Exception {
        ByteArrayOutputStream progress = new ByteArrayOutputStream();
        TrainingResult killed = run.on(2, ExchangeKind.DIRECT)
                .saving(4)
                .trying(5)
                .train(
                        OBJECTIVE.with(Trouble.KILL, 11, folder.resolve("happened")),
                        folder.resolve("killed"),
                        new PrintStream(progress, true, StandardCharsets.UTF_8));
        assertThat(progress.toString(StandardCharsets.UTF_8))
                .contains("training was interrupted: continuing after iteration 8");
        assertSame(killed, plain);
    }

    @Test
    void executorsThatComeLateAreWaitedFor() throws Exception {
        SparkContext spark = cluster.spark().sc();
        spark.killExecutors(spark.getExecutorIds());
        awaitExecutors(0);
        // As soon as the first attempt has given up.
        spark.conf().set(WAITING, "1s");
        ByteArrayOutputStream progress = new ByteArrayOutputStream();
        Consumer<String> ask = message -> {
            if (message.startsWith("training.executors is 2 but the cluster has 0 executors; ")) {
                spark.conf().set(WAITING, LONG);
                spark.requestExecutors(2);
            }
        };
        try (TestLog retries = TestLog.of(Retries.class.getName(), ask)) {
            TrainingResult late = run.on(2, ExchangeKind.DIRECT)
                    .trying(2)
                    .train(OBJECTIVE, folder.resolve("late"), new PrintStream(progress, true, StandardCharsets.UTF_8));
            assertSame(late, plain);
        } finally {
            spark.conf().set(WAITING, LONG);
        }
        assertThat(progress.toString(StandardCharsets.UTF_8)).doesNotContain("interrupted");
    }

    @Test
    void moreRanksThanExecutorsEndTheRun() throws Exception {
        SparkContext spark = cluster.spark().sc();
        awaitExecutors(2);
        spark.conf().set(WAITING, "1s");
        try {
            assertThatThrownBy(() -> run.on(4, ExchangeKind.DIRECT).trying(2).train(OBJECTIVE, folder.resolve("a")))
                    .isInstanceOf(TrainingFailedException.class)
                    .hasMessage("training.executors is 4 but the cluster has 2 executors;"
                            + " they were waited for 2 times (training.attempts)");
        } finally {
            spark.conf().set(WAITING, LONG);
        }
    }

    @Test
    void aRunGoesOnWithFewerAndTakesBackWhoComes() throws Exception {
        SparkContext spark = cluster.spark().sc();
        awaitExecutors(2);
        Path happened = folder.resolve("happened");
        // Long enough for the one rank to hear before its end that the other has come.
        int epochs = 10;
        Map<String, String> settings =
                Map.of("training.min-executors", "1", "training.epochs", Integer.toString(epochs));
        ToyRun two = run.on(2, ExchangeKind.DIRECT).saving(4).trying(5).with(settings);
        spark.conf().set(WAITING, "1s");
        CompletableFuture<Void> operator = CompletableFuture.runAsync(() -> {
            awaitFile(happened);
            spark.killExecutor(spark.getExecutorIds().head());
            // Of the attempt on one.
            awaitFile(folder.resolve("happened-1"));
            SparkScheduler scheduler = new SparkScheduler(spark);
            scheduler.request(2);
            awaitExecutors(2);
            while (scheduler.slots() < 2) {
                LockSupport.parkNanos(5_000_000);
            }
            try {
                Files.createFile(folder.resolve(ToyObjective.GO_ON));
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
        ByteArrayOutputStream progress = new ByteArrayOutputStream();
        TrainingResult result;
        try {
            result = two.train(
                    OBJECTIVE.with(Trouble.WAIT, 7, happened).twice(),
                    folder.resolve("fewer"),
                    new PrintStream(progress, true, StandardCharsets.UTF_8));
        } finally {
            spark.conf().set(WAITING, LONG);
        }
        operator.join();
        assertThat(progress.toString(StandardCharsets.UTF_8))
                .contains(
                        "training was interrupted: continuing after iteration 4\nwarning: training on 1 of 2 executors, since the others have not come in time (training.min-executors)\nwarning: the run goes on with 1 rank instead of 2:")
                .containsPattern(
                        "executors have come back: continuing after iteration \\d+\nwarning: the run goes on with 2 ranks instead of 1:");
        assertThat(result.computedBy()).extracting(Stretch::ranks).containsExactly(2, 1, 2);
        // The checkpoint after the wait, or one that was made before the ranks heard of it.
        int back = (int) result.computedBy().get(2).afterIteration();
        assertThat(back)
                .isBetween(12, epochs * ToyRun.BATCHES - 1)
                .matches(iterations -> iterations % 4 == 0 || iterations % ToyRun.BATCHES == 0, "has a checkpoint");

        Path byHand = folder.resolve("by-hand");
        stopped(two, 6, byHand);
        stopped(run.on(1, ExchangeKind.DIRECT).saving(4).with(settings), back - 4 + 1, byHand);
        assertSame(two.train(OBJECTIVE, byHand), result);
    }

    /** @param step that is not done any more, counted from the checkpoint that the run goes on from */
    private void stopped(ToyRun by, int step, Path out) {
        ToyObjective mistaken = OBJECTIVE.with(Trouble.USER_MISTAKE, step, folder.resolve("mistake-" + step));
        assertThatThrownBy(() -> by.train(mistaken, out)).isInstanceOf(UserException.class);
    }

    private static void awaitFile(Path file) {
        while (!Files.exists(file)) {
            LockSupport.parkNanos(5_000_000);
        }
    }

    private void awaitExecutors(int count) {
        // The driver is one of them.
        while (cluster.spark().sc().statusTracker().getExecutorInfos().length != count + 1) {
            LockSupport.parkNanos(20_000_000);
        }
    }

    static void assertSame(TrainingResult actual, TrainingResult expected) {
        assertThat(actual.values().keySet()).isEqualTo(expected.values().keySet());
        for (Map.Entry<String, Tensor> entry : expected.values().entrySet()) {
            assertThat(actual.values().get(entry.getKey()).values())
                    .as(entry.getKey())
                    .isEqualTo(entry.getValue().values());
        }
    }
}
