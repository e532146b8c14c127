package org.sftn.train.spark;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.SecurityManager;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkContext$;
import org.apache.spark.SparkEnv;
import org.apache.spark.network.client.TransportClientBootstrap;
import org.apache.spark.network.crypto.AuthClientBootstrap;
import org.apache.spark.network.crypto.AuthServerBootstrap;
import org.apache.spark.network.server.TransportServerBootstrap;
import org.apache.spark.network.util.MapConfigProvider;
import org.apache.spark.network.util.TransportConf;
import org.sftn.train.exchange.DirectPeers;
import org.sftn.train.exchange.DirectSettings;
import scala.Tuple2;

/** Settings of {@link DirectPeers} that are those of the executor's own block transfer. */
public final class SparkTransport {
    private static final String MODULE = "sftn";

    /** As Spark has for its own transport: more do not make it faster. */
    private static final int MOST_THREADS = 8;

    private SparkTransport() {}

    /** @param cores of the executor */
    public static DirectSettings settings(SparkEnv env, byte[] secret, Duration timeout, int cores) {
        SparkConf conf = env.conf();
        TransportConf transport = transport(conf, timeout, cores);
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

    // Spark's own way from SparkConf to TransportConf takes other parameters in each of its versions.
    private static TransportConf transport(SparkConf conf, Duration timeout, int cores) {
        Map<String, String> values = new LinkedHashMap<>();
        for (Tuple2<String, String> setting : conf.getAll()) {
            values.put(setting._1(), setting._2());
        }
        String threads = String.valueOf(Math.min(cores, MOST_THREADS));
        values.putIfAbsent(key("serverThreads"), threads);
        values.putIfAbsent(key("clientThreads"), threads);
        values.put(key("connectionTimeout"), timeout.toMillis() + "ms");
        return new TransportConf(MODULE, new MapConfigProvider(values));
    }

    private static String key(String name) {
        return "spark." + MODULE + ".io." + name;
    }
}
