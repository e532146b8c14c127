package org.sftn.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.sftn.conf.TrainingSettings.ExchangeKind;
import org.sftn.conf.UserException;
import org.sftn.nn.Tensor;
import org.sftn.train.ToyObjective.Trouble;

/** Executors in processes of their own, which authenticate and encrypt. */
@Timeout(180)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ClusterTest {
    private static final ToyObjective OBJECTIVE = ToyObjective.of(ToyRun.SIZE, ToyRun.CLASSES, true);

    private LocalCluster cluster;
    private ToyRun run;

    @TempDir
    private Path folder;

    @BeforeAll
    void start(@TempDir Path shared) throws Exception {
        cluster = LocalCluster.start(
                2,
                shared.resolve("home"),
                Map.of(
                        "spark.authenticate", "true",
                        "spark.authenticate.secret", "only for this test",
                        "spark.network.crypto.enabled", "true",
                        "spark.scheduler.maxRegisteredResourcesWaitingTime", "10s"));
        run = ToyRun.prepare(cluster.spark(), shared.resolve("data"));
    }

    @AfterAll
    void stop() {
        cluster.close();
    }

    @Test
    void anExecutorThatIsKilledCostsNoBit() throws Exception {
        ToyRun two = run.on(2, ExchangeKind.DIRECT).saving(4).trying(5);
        TrainingResult undisturbed = two.train(OBJECTIVE, folder.resolve("undisturbed"));
        ByteArrayOutputStream progress = new ByteArrayOutputStream();
        TrainingResult killed = two.train(
                OBJECTIVE.with(Trouble.KILL, 11, folder.resolve("happened")),
                folder.resolve("killed"),
                new PrintStream(progress, true, StandardCharsets.UTF_8));
        assertThat(progress.toString(StandardCharsets.UTF_8))
                .contains("training was interrupted: continuing after iteration 8");
        assertSame(killed, undisturbed);
        assertSame(run.on(2, ExchangeKind.BIGDL).train(OBJECTIVE, folder.resolve("bigdl")), undisturbed);
    }

    @Test
    void moreRanksThanExecutorsAreRefused() {
        assertThatThrownBy(() -> run.on(4, ExchangeKind.DIRECT).train(OBJECTIVE, folder.resolve("a")))
                .isInstanceOf(UserException.class)
                .hasMessage("training.executors is 4 but the cluster has 2 executors");
    }

    static void assertSame(TrainingResult actual, TrainingResult expected) {
        assertThat(actual.values().keySet()).isEqualTo(expected.values().keySet());
        for (Map.Entry<String, Tensor> entry : expected.values().entrySet()) {
            assertThat(Arrays.equals(
                            actual.values().get(entry.getKey()).values(),
                            entry.getValue().values()))
                    .as(entry.getKey())
                    .isTrue();
        }
    }
}
