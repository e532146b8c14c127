package org.sftn.train.exchange;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.apache.spark.network.client.TransportClientBootstrap;
import org.apache.spark.network.server.TransportServerBootstrap;
import org.apache.spark.network.util.MapConfigProvider;
import org.apache.spark.network.util.TransportConf;

/**
 * How ranks reach each other.
 *
 * @param conf of Spark's transport
 * @param clientBootstraps authentication and encryption, as Spark's own; empty for none
 * @param serverBootstraps their counterparts
 * @param bind the address that this rank listens at
 * @param host the name by which peers reach it
 * @param secret of this attempt, known to its ranks only: it keeps others out also when Spark does not authenticate
 * @param timeout after which a silent peer has failed
 */
public record DirectSettings(
        TransportConf conf,
        List<TransportClientBootstrap> clientBootstraps,
        List<TransportServerBootstrap> serverBootstraps,
        String bind,
        String host,
        byte[] secret,
        Duration timeout) {
    private static final String LOOPBACK = "127.0.0.1";

    /**
     * Of ranks that are processes of this machine, without Spark; nobody else reaches them.
     *
     * @param cores of a rank
     */
    public static DirectSettings loopback(byte[] secret, Duration timeout, int cores) {
        String threads = String.valueOf(cores);
        Map<String, String> conf =
                Map.of("spark.sftn.io.serverThreads", threads, "spark.sftn.io.clientThreads", threads);
        return new DirectSettings(
                new TransportConf("sftn", new MapConfigProvider(conf)),
                List.of(),
                List.of(),
                LOOPBACK,
                LOOPBACK,
                secret,
                timeout);
    }
}
