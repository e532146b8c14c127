package org.sftn;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** {@code docs/dependencies.md} against the lists of components that the build makes. */
class DependenciesTest {
    private static final Pattern ROW = Pattern.compile("(?m)^\\| `([^:`]+:[^:`]+)` \\| (\\S+) \\|");
    private static final String JAR = "/META-INF/sbom/sftn-on-spark.cdx.json";
    private static final String BIGDL = "/META-INF/sbom/bigdl.cdx.json";

    private static JsonNode ofJar(String list) throws IOException {
        try (InputStream in = DependenciesTest.class.getResourceAsStream(list)) {
            return new ObjectMapper().readTree(in);
        }
    }

    private static JsonNode ofHome() throws IOException {
        Path list = Path.of(System.getenv("SPARK_HOME"), "spark-home.cdx.json");
        return new ObjectMapper().readTree(Files.readAllBytes(list));
    }

    private static Map<String, String> built(JsonNode list) {
        Map<String, String> versions = new TreeMap<>();
        list.path("components")
                .forEach(each -> versions.put(
                        each.path("group").asText() + ":" + each.path("name").asText(),
                        each.path("version").asText()));
        return versions;
    }

    private static Map<String, String> named(String text) {
        Map<String, String> named = new TreeMap<>();
        Matcher rows = ROW.matcher(text);
        while (rows.find()) {
            named.put(rows.group(1), rows.group(2));
        }
        return named;
    }

    @Test
    void theTablesNameTheVersionsThatAreBuilt() throws IOException {
        String[] tables = Files.readString(Path.of("docs/dependencies.md")).split("\n## ");
        Map<String, String> ofJar = new TreeMap<>(built(ofJar(JAR)));
        ofJar.putAll(built(ofJar(BIGDL)));

        assertThat(named(tables[1])).hasSizeGreaterThan(5);
        assertThat(ofJar).containsAllEntriesOf(named(tables[1]));
        assertThat(named(tables[2])).isNotEmpty();
        assertThat(built(ofHome())).containsAllEntriesOf(named(tables[2]));
    }

    @Test
    void theListsHaveNoTimeAndNoTests() throws IOException {
        assertThat(built(ofJar(JAR)))
                .hasSizeGreaterThan(30)
                .doesNotContainKeys("org.assertj:assertj-core", "org.apache.spark:spark-core_2.13");
        assertThat(built(ofHome())).hasSizeGreaterThan(100);
        for (JsonNode list : List.of(ofJar(JAR), ofJar(BIGDL), ofHome())) {
            assertThat(list.has("serialNumber")).isFalse();
            assertThat(list.path("metadata").has("timestamp")).isFalse();
        }
    }
}
