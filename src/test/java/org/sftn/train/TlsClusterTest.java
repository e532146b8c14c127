package org.sftn.train;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.SparkEnv;
import org.apache.spark.api.java.JavaSparkContext;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.sftn.LocalSpark;
import org.sftn.conf.TrainingSettings.ExchangeKind;
import org.sftn.train.exchange.DirectSettings;
import org.sftn.train.spark.SparkTransport;

/** Executors in processes of their own that speak TLS: the settings of {@code deploy/security}, and its lines on TLS. */
class TlsClusterTest {
    private static final String PASSWORD = "0123456789abcdef";

    @TempDir
    private Path folder;

    @Test
    void trainingGivesTheSameWeightsAsWithoutTls() throws Exception {
        ToyObjective objective = ToyObjective.of(ToyRun.SIZE, ToyRun.CLASSES, true);
        Path data = folder.resolve("data");
        TrainingResult plain;
        try (JavaSparkContext local = LocalSpark.start(2)) {
            plain = ToyRun.prepare(local, data).on(2, ExchangeKind.DIRECT).train(objective, folder.resolve("plain"));
        }
        Map<String, String> settings = new HashMap<>(SecureClusterTest.settings());
        settings.putAll(tls(keyStore()));
        try (LocalCluster cluster = LocalCluster.start(2, folder.resolve("home"), settings)) {
            assertThat(SparkEnv.get().securityManager().isSslRpcEnabled()).isTrue();
            DirectSettings ofExchange = SparkTransport.settings(SparkEnv.get(), new byte[1], Duration.ofSeconds(1), 1);
            assertThat(ofExchange.conf().sslRpcEnabled()).isTrue();
            for (ExchangeKind kind : ExchangeKind.values()) {
                TrainingResult protectedRun =
                        ToyRun.of(cluster.spark(), data).on(2, kind).train(objective, folder.resolve("with-" + kind));
                plain.values()
                        .forEach((name, tensor) -> assertThat(
                                        protectedRun.values().get(name).values())
                                .as(name)
                                .isEqualTo(tensor.values()));
            }
        }
    }

    private static Map<String, String> tls(Path keyStore) {
        return Map.of(
                "spark.ssl.rpc.enabled",
                "true",
                "spark.ssl.rpc.protocol",
                "TLSv1.3",
                "spark.ssl.rpc.keyStore",
                keyStore.toString(),
                "spark.ssl.rpc.keyStoreType",
                "PKCS12",
                "spark.ssl.rpc.keyStorePassword",
                PASSWORD,
                "spark.ssl.rpc.keyPassword",
                PASSWORD,
                "spark.ssl.rpc.trustStore",
                keyStore.toString(),
                "spark.ssl.rpc.trustStoreType",
                "PKCS12",
                "spark.ssl.rpc.trustStorePassword",
                PASSWORD);
    }

    private Path keyStore() throws Exception {
        Path file = folder.resolve("keystore.p12");
        Process keytool = new ProcessBuilder(List.of(
                        Path.of(System.getProperty("java.home"), "bin", "keytool")
                                .toString(),
                        "-genkeypair",
                        "-alias",
                        "spark",
                        "-keyalg",
                        "EC",
                        "-dname",
                        "CN=spark",
                        "-storetype",
                        "PKCS12",
                        "-storepass",
                        PASSWORD,
                        "-keystore",
                        file.toString()))
                .inheritIO()
                .start();
        assertThat(keytool.waitFor()).isZero();
        return file;
    }
}
