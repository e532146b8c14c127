package org.sftn.study.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.sftn.TestJvm;
import org.sftn.study.StudyFixture;

/** Reports in a browser, on a telephone and on a desk, in both themes: {@code browser/check.js} measures them. */
class BrowserTest {
    private static final List<Integer> WIDTHS = List.of(375, 1280);
    private static final Pattern FOUND = Pattern.compile("<pre id=\"found\">(.*?)</pre>", Pattern.DOTALL);

    @TempDir
    private Path folder;

    @ParameterizedTest
    @CsvSource({"dark, 0", "light, 1"})
    void nothingIsTooWideOrTooFaint(String theme, int preferred) throws Exception {
        JsonNode found = found(preferred);

        assertThat(found).hasSize(4 * WIDTHS.size());
        for (JsonNode page : found) {
            assertThat(page.get("dark").asBoolean()).as(page.toString()).isEqualTo(theme.equals("dark"));
            assertThat(WIDTHS).contains(page.get("width").asInt());
            assertThat(page.get("scrolled").asInt())
                    .as("the page %s scrolls to the side", page)
                    .isLessThanOrEqualTo(page.get("width").asInt());
            assertThat(page.get("checked").asInt()).as(page.toString()).isGreaterThan(50);
            assertThat(page.get("faint")).as(page.toString()).isEmpty();
        }
    }

    /** @param theme what the browser says that the user prefers */
    private JsonNode found(int theme) throws Exception {
        Path harness = folder.resolve("harness.html");
        Files.writeString(harness, harness());
        Path out = folder.resolve("dom.html");
        Process browser = start(
                List.of(
                        "chromium",
                        "--headless",
                        "--no-sandbox",
                        "--disable-gpu",
                        "--user-data-dir=" + folder.resolve("profile"),
                        "--blink-settings=preferredColorScheme=" + theme,
                        "--dump-dom",
                        harness.toUri().toString()),
                out);
        try {
            assertThat(browser.waitFor(TestJvm.HANGS.toSeconds(), TimeUnit.SECONDS))
                    .isTrue();
        } finally {
            browser.destroyForcibly();
        }
        Matcher found = FOUND.matcher(Files.readString(out));
        assertThat(found.find()).isTrue();
        return new ObjectMapper()
                .readTree(
                        found.group(1).replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&"));
    }

    private static Process start(List<String> command, Path out) {
        try {
            return new ProcessBuilder(command)
                    .redirectOutput(out.toFile())
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
        } catch (IOException e) {
            assumeTrue(false, "chromium is not there: the reports are not rendered");
            throw new IllegalStateException(e);
        }
    }

    private static String harness() throws IOException {
        Map<String, String> pages = new LinkedHashMap<>();
        pages.put("pairs", HtmlReport.of(StudyFixture.pairs()));
        pages.put("grid", HtmlReport.of(StudyFixture.grid()));
        pages.put("hostile", HtmlReport.of(StudyFixture.hostile()));
        pages.put("run", HtmlReport.of(RunFixture.distill()));
        StringBuilder frames = new StringBuilder();
        pages.forEach((name, page) -> {
            String source = page.replace("&", "&amp;").replace("\"", "&quot;");
            WIDTHS.forEach(width -> frames.append(String.format(
                            Locale.ROOT, "<iframe name=\"%s\" width=\"%d\" frameborder=\"0\" srcdoc=\"", name, width))
                    .append(source)
                    .append("\"></iframe>\n"));
        });
        try (InputStream script = BrowserTest.class.getResourceAsStream("/browser/check.js")) {
            return "<!DOCTYPE html><html><meta charset=\"utf-8\"><body><script>"
                    + new String(script.readAllBytes(), StandardCharsets.UTF_8) + "</script>" + frames
                    + "</body></html>";
        }
    }
}
