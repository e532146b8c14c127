package org.sftn.train.exchange;

import java.time.Duration;
import java.util.List;
import org.apache.spark.SecurityManager;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkContext$;
import org.apache.spark.SparkEnv;
import org.apache.spark.network.client.TransportClientBootstrap;
import org.apache.spark.network.crypto.AuthClientBootstrap;
import org.apache.spark.network.crypto.AuthServerBootstrap;
import org.apache.spark.network.netty.SparkTransportConf;
import org.apache.spark.network.server.TransportServerBootstrap;
import org.apache.spark.network.util.TransportConf;

/** Settings of {@link DirectPeers} that are those of the executor's own block transfer. */
public final class SparkTransport {
    private static final String MODULE = "sftn";

    private SparkTransport() {}

    /** @param cores of the executor */
    public static DirectSettings settings(SparkEnv env, byte[] secret, Duration timeout, int cores) {
        SparkConf conf = env.conf().clone().set("spark." + MODULE + ".io.connectionTimeout", timeout.toMillis() + "ms");
        TransportConf transport = SparkTransportConf.fromSparkConf(conf, MODULE, cores);
        String host = env.blockManager().blockManagerId().host();
        boolean driver = env.executorId().equals(SparkContext$.MODULE$.DRIVER_IDENTIFIER());
        String bind = driver ? conf.get("spark.driver.bindAddress", host) : host;
        SecurityManager security = env.securityManager();
        List<TransportClientBootstrap> clients = List.of();
        List<TransportServerBootstrap> servers = List.of();
        if (security.isAuthenticationEnabled()) {
            clients = List.of(new AuthClientBootstrap(transport, conf.getAppId(), security));
            servers = List.of(new AuthServerBootstrap(transport, security));
        }
        return new DirectSettings(transport, clients, servers, bind, host, secret, timeout);
    }
}
