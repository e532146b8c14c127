package org.sftn.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.List;
import java.util.Locale;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.SparkException;
import org.junit.jupiter.api.Test;
import org.sftn.conf.UserException;

/** What Spark's exceptions mean when it has no master. */
class MasterTest {
    /** It depends on how far it had come. */
    private final List<Exception> whileStarting = List.of(
            new IllegalArgumentException(
                    "requirement failed: Can only call getServletHandlers on a running MetricsSystem"),
            new NullPointerException(
                    "Cannot invoke \"org.apache.spark.rpc.RpcEndpointRef.askSync(Object)\" because the return value of \"org.apache.spark.storage.BlockManagerMaster.driverEndpoint()\" is null"),
            new SparkException(
                    "Exception thrown in awaitResult: ", new IllegalStateException("RpcEnv already stopped.")));

    private final Exception later = new IllegalStateException("Cannot call methods on a stopped SparkContext.");

    private static int freePort() throws IOException {
        try (ServerSocket free = listening()) {
            return free.getLocalPort();
        }
    }

    private static ServerSocket listening() throws IOException {
        return new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    }

    @Test
    void whatNobodyAnswersIsNamed() throws IOException {
        int port = freePort();
        String master = String.format(Locale.ROOT, "spark://127.0.0.1:%s,no.such.host.invalid:7077", port);
        String message = String.format(
                Locale.ROOT,
                "the master \\Q%s\\E cannot be reached: 127.0.0.1:%s: Connection refused.*; there is no host no.such.host.invalid",
                master,
                port);

        for (Exception thrown : whileStarting) {
            assertThat(Master.missing(master, thrown))
                    .isInstanceOf(UnreachableMasterException.class)
                    .hasCause(thrown)
                    .hasMessageMatching(message);
        }
        assertThat(Master.lost(master, later)).hasCause(later).hasMessageMatching(message);
        assertThatThrownBy(() -> Master.requireThere(master, new Configuration(false)))
                .isInstanceOf(UnreachableMasterException.class)
                .hasMessageMatching(message);
    }

    @Test
    void whatTakesNoApplicationIsNamed() throws IOException {
        try (ServerSocket other = listening()) {
            String address = "127.0.0.1:" + other.getLocalPort();
            for (Exception thrown : whileStarting) {
                assertThat(Master.missing("spark://" + address, thrown))
                        .isInstanceOf(UnreachableMasterException.class)
                        .hasMessageStartingWith(String.format(
                                Locale.ROOT,
                                "the master spark://%1$s cannot be reached: somebody is there, but takes no application: ",
                                address));
            }
        }
    }

    @Test
    void oneOfSeveralIsEnough() throws IOException {
        try (ServerSocket there = listening()) {
            Master.requireThere(
                    "spark://127.0.0.1:" + freePort() + ",127.0.0.1:" + there.getLocalPort(), new Configuration(false));
        }
        Master.requireThere("local[2]", new Configuration(false));
        // Spark says what is wrong with it.
        Master.requireThere("spark://127.0.0.1", new Configuration(false));
    }

    @Test
    void aResourceManagerIsLookedFor() throws IOException {
        Configuration yarn = new Configuration(false);
        yarn.set("yarn.resourcemanager.hostname", "no.such.host.invalid");
        assertThatThrownBy(() -> Master.requireThere("yarn", yarn))
                .isInstanceOf(UnreachableMasterException.class)
                .hasMessage("the master yarn cannot be reached: there is no host no.such.host.invalid");

        try (ServerSocket there = listening()) {
            yarn.set("yarn.resourcemanager.address", "127.0.0.1:" + there.getLocalPort());
            Master.requireThere("yarn", yarn);

            yarn.set("yarn.resourcemanager.ha.enabled", "true");
            yarn.set("yarn.resourcemanager.ha.rm-ids", "a, b");
            yarn.set("yarn.resourcemanager.address.a", "127.0.0.1:" + freePort());
            yarn.set("yarn.resourcemanager.hostname.b", "no.such.host.invalid");
            assertThatThrownBy(() -> Master.requireThere("yarn", yarn))
                    .hasMessageMatching("the master yarn cannot be reached: 127.0.0.1:\\d+: .+; there is no host .+");
            yarn.set("yarn.resourcemanager.address.b", "127.0.0.1:" + there.getLocalPort());
            Master.requireThere("yarn", yarn);
        }
    }

    @Test
    void whatSparkRefusesIsTheUsersMistake() {
        Exception thrown = new IllegalArgumentException("System memory 100 must be at least 471859200");
        assertThat(Master.missing("local", thrown))
                .isInstanceOf(UserException.class)
                .hasMessage("Spark cannot start: System memory 100 must be at least 471859200");
    }

    @Test
    void otherFailuresStayWhatTheyAre() throws IOException {
        Exception other = new SparkException("something else");
        try (ServerSocket there = listening()) {
            String master = "spark://127.0.0.1:" + there.getLocalPort();
            assertThat(Master.missing(master, other)).isSameAs(other);
            assertThat(Master.lost(master, later)).isSameAs(later);
        }
        assertThat(Master.lost("local[2]", later)).isSameAs(later);
        assertThat(Master.missing("yarn", later)).isSameAs(later);
    }

    @Test
    void aWrongMasterIsTheUsersMistake() {
        for (String said : List.of(
                "Could not parse Master URL: 'spark:/x'",
                "Invalid master URL: spark://x",
                "Asked to run locally with 0 threads")) {
            assertThat(Master.missing("x", new SparkException(said)))
                    .isInstanceOf(UserException.class)
                    .hasMessage("the master cannot be 'x': " + said);
        }
    }
}
