package org.sftn;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** {@code docs/dependencies.md} against the list of components that the build makes. */
class DependenciesTest {
    private static final Pattern ROW = Pattern.compile("(?m)^\\| `([^:`]+:[^:`]+)` \\| (\\S+) \\|");

    private static JsonNode components() throws IOException {
        try (InputStream in = DependenciesTest.class.getResourceAsStream("/META-INF/sbom/sftn-on-spark.cdx.json")) {
            return new ObjectMapper().readTree(in);
        }
    }

    private static Map<String, String> built() throws IOException {
        Map<String, String> versions = new TreeMap<>();
        components()
                .path("components")
                .forEach(each -> versions.put(
                        each.path("group").asText() + ":" + each.path("name").asText(),
                        each.path("version").asText()));
        return versions;
    }

    @Test
    void theTableNamesTheVersionsThatAreBuilt() throws IOException {
        Map<String, String> built = built();
        Map<String, String> named = new TreeMap<>();
        Matcher rows = ROW.matcher(Files.readString(Path.of("docs/dependencies.md")));
        while (rows.find()) {
            named.put(rows.group(1), rows.group(2));
        }
        assertThat(named).hasSizeGreaterThan(30);
        named.forEach((name, version) -> assertThat(built).containsEntry(name, version));
    }

    @Test
    void theListHasNoTimeAndNoTests() throws IOException {
        JsonNode list = components();
        assertThat(list.path("components").size()).isGreaterThan(100);
        assertThat(list.has("serialNumber")).isFalse();
        assertThat(list.path("metadata").has("timestamp")).isFalse();
        assertThat(built()).doesNotContainKey("org.assertj:assertj-core").doesNotContainKey("log4j:log4j");
    }
}
