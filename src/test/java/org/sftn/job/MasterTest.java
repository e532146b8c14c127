package org.sftn.job;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import org.apache.spark.SparkException;
import org.junit.jupiter.api.Test;
import org.sftn.conf.UserException;

/** What Spark's exceptions mean when it has no master. */
class MasterTest {
    private final Exception whileStarting = new IllegalArgumentException(
            "requirement failed: Can only call getServletHandlers on a running MetricsSystem");
    private final Exception later = new IllegalStateException("Cannot call methods on a stopped SparkContext.");

    private static int freePort() throws IOException {
        try (ServerSocket free = listening()) {
            return free.getLocalPort();
        }
    }

    private static ServerSocket listening() throws IOException {
        return new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
    }

    @Test
    void whatNobodyAnswersIsNamed() throws IOException {
        int port = freePort();
        String master = "spark://127.0.0.1:%d,no.such.host.invalid:7077".formatted(port);
        // It depends on how far Spark had come.
        Exception early = new NullPointerException(
                "Cannot invoke \"org.apache.spark.rpc.RpcEndpointRef.askSync(Object)\" because the return value of \"org.apache.spark.storage.BlockManagerMaster.driverEndpoint()\" is null");
        for (Exception thrown : new Exception[] {whileStarting, early, later}) {
            assertThat(Master.explained(master, thrown))
                    .isInstanceOf(UnreachableMasterException.class)
                    .hasCause(thrown)
                    .hasMessageMatching(
                            "the master \\Q%s\\E cannot be reached: 127.0.0.1:%d: Connection refused.*; there is no host no.such.host.invalid"
                                    .formatted(master, port));
        }
    }

    @Test
    void whatTakesNoApplicationIsNamed() throws IOException {
        try (ServerSocket other = listening()) {
            String address = "127.0.0.1:" + other.getLocalPort();
            assertThat(Master.explained("spark://" + address, whileStarting))
                    .isInstanceOf(UnreachableMasterException.class)
                    .hasMessageStartingWith(
                            "the master spark://%1$s cannot be reached: %1$s is there, but takes no application: "
                                    .formatted(address));
            assertThat(Master.explained("spark://" + address, later)).isSameAs(later);
        }
    }

    @Test
    void otherFailuresStayWhatTheyAre() throws IOException {
        Exception other = new SparkException("Job aborted due to stage failure");
        assertThat(Master.explained("spark://127.0.0.1:" + freePort(), other)).isSameAs(other);
        assertThat(Master.explained("local[2]", later)).isSameAs(later);
        assertThat(Master.explained("yarn", whileStarting)).isSameAs(whileStarting);
    }

    @Test
    void aWrongMasterIsTheUsersMistake() {
        for (String said : new String[] {
            "Could not parse Master URL: 'spark:/x'",
            "Invalid master URL: spark://x",
            "Asked to run locally with 0 threads"
        }) {
            assertThat(Master.explained("x", new SparkException(said)))
                    .isInstanceOf(UserException.class)
                    .hasMessage("the master cannot be 'x': " + said);
        }
    }
}
