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
import org.junit.jupiter.api.Test;

/** The settings of {@code deploy/security}; {@link ClusterTest} trains with them. */
class SecureClusterTest {
    private static final Path FILE = Path.of("deploy/security/spark-defaults.conf");
    private static final String SECRET = "5f0c3a".repeat(11);

    static Map<String, String> settings() throws IOException {
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
