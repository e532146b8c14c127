package org.sftn.train.spark;

import java.time.Duration;
import java.util.Arrays;
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
import org.apache.spark.network.util.ConfigProvider;
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
        String host = env.blockManager().blockManagerId().host();
        boolean driver = env.executorId().equals(SparkContext$.MODULE$.DRIVER_IDENTIFIER());
        String bind = driver ? conf.get("spark.driver.bindAddress", host) : host;
        SecurityManager security = env.securityManager();
        TransportConf transport = transport(conf, security, timeout, cores);
        List<TransportClientBootstrap> clients = List.of();
        List<TransportServerBootstrap> servers = List.of();
        if (security.isAuthenticationEnabled()) {
            clients = List.of(new AuthClientBootstrap(transport, conf.getAppId(), security));
            servers = List.of(new AuthServerBootstrap(transport, security));
        }
        return new DirectSettings(transport, clients, servers, bind, host, secret, timeout);
    }

    // Spark's own way from SparkConf to TransportConf takes other parameters in each of its versions.
    private static TransportConf transport(SparkConf spark, SecurityManager security, Duration timeout, int cores) {
        SparkConf conf = spark.clone();
        String threads = String.valueOf(Math.min(cores, MOST_THREADS));
        conf.setIfMissing(key("serverThreads"), threads);
        conf.setIfMissing(key("clientThreads"), threads);
        conf.set(key("connectionTimeout"), timeout.toMillis() + "ms");
        return new TransportConf(MODULE, hasTls() ? withTls(conf, security) : plain(conf));
    }

    private static boolean hasTls() {
        return Arrays.stream(SecurityManager.class.getMethods())
                .anyMatch(method -> method.getName().equals("getRpcSSLOptions"));
    }

    /** With keys and passwords, which executors get by their environment; since Spark 4. */
    private static ConfigProvider withTls(SparkConf conf, SecurityManager security) {
        return security.getRpcSSLOptions().createConfigProvider(conf);
    }

    private static ConfigProvider plain(SparkConf conf) {
        Map<String, String> values = new LinkedHashMap<>();
        for (Tuple2<String, String> setting : conf.getAll()) {
            values.put(setting._1(), setting._2());
        }
        return new MapConfigProvider(values);
    }

    private static String key(String name) {
        return "spark." + MODULE + ".io." + name;
    }
}
