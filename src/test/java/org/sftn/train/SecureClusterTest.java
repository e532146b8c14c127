package org.sftn.train;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Properties;
import java.util.regex.Pattern;
import org.apache.spark.SecurityManager;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkEnv;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.sftn.conf.TrainingSettings.ExchangeKind;
import org.sftn.nn.Tensor;

/** A cluster with the settings of {@code deploy/security}. */
@Timeout(240)
class SecureClusterTest {
    private static final Path FILE = Path.of("deploy/security/spark-defaults.conf");
    private static final String SECRET = "5f0c3a".repeat(11);

    @TempDir
    private Path folder;

    private static Map<String, String> settings() throws IOException {
        Properties file = new Properties();
        try (Reader reader = Files.newBufferedReader(FILE, StandardCharsets.UTF_8)) {
            file.load(reader);
        }
        Map<String, String> settings = new HashMap<>(Map.of("spark.authenticate.secret", SECRET));
        file.forEach(
                (key, value) -> settings.put(key.toString(), value.toString().strip()));
        return settings;
    }

    @Test
    void trainingGivesTheSameWeightsAsWithoutProtection() throws Exception {
        ToyObjective objective = ToyObjective.of(ToyRun.SIZE, ToyRun.CLASSES, true);
        Map<String, String> waiting = Map.of("spark.scheduler.maxRegisteredResourcesWaitingTime", "10s");
        TrainingResult plain;
        try (LocalCluster cluster = LocalCluster.start(2, folder.resolve("plain"), waiting)) {
            ToyRun run = ToyRun.prepare(cluster.spark(), folder.resolve("data"));
            assertThat(SparkEnv.get().securityManager().isAuthenticationEnabled())
                    .isFalse();
            plain = run.on(2, ExchangeKind.DIRECT).train(objective, folder.resolve("without"));
        }
        Map<String, String> protection = new HashMap<>(settings());
        protection.putAll(waiting);
        try (LocalCluster cluster = LocalCluster.start(2, folder.resolve("secure"), protection)) {
            assertThat(SparkEnv.get().securityManager().isAuthenticationEnabled())
                    .isTrue();
            assertThat(SparkEnv.get().securityManager().isEncryptionEnabled()).isTrue();
            assertThat(SparkEnv.get().securityManager().getIOEncryptionKey().isDefined())
                    .isTrue();
            ToyRun run = ToyRun.of(cluster.spark(), folder.resolve("data"));
            for (ExchangeKind kind : ExchangeKind.values()) {
                TrainingResult result = run.on(2, kind).train(objective, folder.resolve("with-" + kind));
                assertThat(result.values().keySet()).isEqualTo(plain.values().keySet());
                for (Map.Entry<String, Tensor> entry : plain.values().entrySet()) {
                    assertThat(result.values().get(entry.getKey()).values())
                            .as("%s of %s", entry.getKey(), kind)
                            .isEqualTo(entry.getValue().values());
                }
            }
        }
    }

    /** CVE-2022-33891: the name comes from the request. */
    @Test
    void anUsersNameIsNoCommand() throws IOException {
        Path touched = folder.resolve("touched");
        String name = "nobody; touch " + touched;
        SparkConf conf = new SparkConf(false).set("spark.acls.enable", "true");
        assertThat(security(conf).checkUIViewPermissions(name)).isFalse();
        assertThat(touched).as("what Spark 2.4 does by itself").exists();
        Files.delete(touched);

        settings().forEach(conf::set);

        assertThat(security(conf).checkUIViewPermissions(name)).isFalse();
        assertThat(touched).doesNotExist();
    }

    private static SecurityManager security(SparkConf conf) {
        return new SecurityManager(conf, scala.Option.empty());
    }

    @Test
    void secretsAreRedacted() throws IOException {
        Pattern redacted = Pattern.compile(settings().get("spark.redaction.regex"));
        for (String key : new String[] {
            "spark.authenticate.secret",
            "spark.ssl.ui.keyStorePassword",
            "spark.hadoop.fs.s3a.access.key",
            "spark.hadoop.fs.s3a.secret.key",
            "spark.hadoop.fs.s3a.session.token",
            "spark.hadoop.fs.azure.account.key.a.dfs.core.windows.net",
            "spark.hadoop.fs.azure.sas.c.a.blob.core.windows.net"
        }) {
            assertThat(redacted.matcher(key).find()).as(key).isTrue();
        }
        assertThat(redacted.matcher("spark.executor.memory").find()).isFalse();
    }
}
