package org.sftn.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
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
import org.sftn.nn.Tensor;
import org.sftn.train.ToyObjective.Trouble;

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

    private void awaitExecutors(int count) throws InterruptedException {
        // The driver is one of them.
        while (cluster.spark().sc().statusTracker().getExecutorInfos().length != count + 1) {
            Thread.sleep(20);
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
