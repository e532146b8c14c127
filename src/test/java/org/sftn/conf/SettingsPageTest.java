package org.sftn.conf;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigList;
import com.typesafe.config.ConfigObject;
import com.typesafe.config.ConfigRenderOptions;
import com.typesafe.config.ConfigValue;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** docs/settings.md says what reference.conf says. */
class SettingsPageTest {
    private static final Path PAGE = Path.of("docs/settings.md");
    /** Set to write the page anew. */
    private static final String WRITE = "write.settings";

    @Test
    void thePageIsMadeOfTheReference() throws IOException {
        String page = page(ConfigFactory.parseFile(new File("src/main/resources/reference.conf")));
        if (Boolean.getBoolean(WRITE)) {
            Files.writeString(PAGE, page);
        }
        assertThat(PAGE)
                .as("mvn test -Dtest=SettingsPageTest -D%s=true writes it", WRITE)
                .content()
                .isEqualTo(page);
    }

    @Test
    void everySettingIsDescribed() {
        assertThat(flat(
                        "",
                        ConfigFactory.parseFile(new File("src/main/resources/reference.conf"))
                                .root()))
                .allSatisfy(each ->
                        assertThat(comment(each.getValue())).as(each.getKey()).isNotEmpty());
    }

    private static String page(Config reference) {
        StringBuilder page = new StringBuilder("""
                # Settings

                Made of [reference.conf](../src/main/resources/reference.conf) by `SettingsPageTest`; edit that file. A run's file (`--config`) and
                `--set KEY=VALUE` replace these defaults, and nothing else sets any. Unknown keys and values out of range are refused, all together.
                """);
        List<Map.Entry<String, ConfigValue>> top = inOrder(reference.root());
        page.append(table(
                top.stream()
                        .filter(each -> !(each.getValue() instanceof ConfigObject))
                        .toList(),
                ""));
        top.stream().filter(each -> each.getValue() instanceof ConfigObject).forEach(each -> {
            page.append("\n## ").append(each.getKey()).append("\n");
            String about = comment(each.getValue()).replaceFirst("^" + each.getKey() + ": ", "");
            if (!about.isEmpty()) {
                page.append("\n").append(about).append("\n");
            }
            page.append(table(flat("", (ConfigObject) each.getValue()), each.getKey() + "."));
        });
        return page.toString();
    }

    private static String table(List<Map.Entry<String, ConfigValue>> settings, String prefix) {
        return settings.stream()
                .map(each -> String.format(
                        Locale.ROOT,
                        "| `%s%s` | %s | %s |%n",
                        prefix,
                        each.getKey(),
                        value(each.getValue()),
                        comment(each.getValue()).replace("|", "\\|").replace("*", "\\*")))
                .collect(Collectors.joining("", "\n| setting | default | |\n|---|---|---|\n", ""));
    }

    /** Blocks in blocks; what is said of a block stands with the first of its settings. */
    private static List<Map.Entry<String, ConfigValue>> flat(String prefix, ConfigObject block) {
        List<Map.Entry<String, ConfigValue>> all = new ArrayList<>();
        for (Map.Entry<String, ConfigValue> each : inOrder(block)) {
            String key = prefix + each.getKey();
            if (each.getValue() instanceof ConfigObject inner && !inner.isEmpty()) {
                if (!comment(inner).isEmpty()) {
                    all.add(Map.entry(key, inner));
                }
                all.addAll(flat(key + ".", inner));
            } else {
                all.add(Map.entry(key, each.getValue()));
            }
        }
        return all;
    }

    private static List<Map.Entry<String, ConfigValue>> inOrder(ConfigObject block) {
        return block.entrySet().stream()
                .sorted(Comparator.comparingInt(each -> line(each.getValue())))
                .toList();
    }

    /** An object that is merged of several has the line of the last: that of its first value is taken. */
    private static int line(ConfigValue value) {
        return value instanceof ConfigObject block && !block.isEmpty()
                ? block.values().stream().mapToInt(SettingsPageTest::line).min().getAsInt()
                : value.origin().lineNumber();
    }

    private static String value(ConfigValue value) {
        if (value instanceof ConfigObject block) {
            return block.isEmpty() ? "`{}`" : "";
        }
        String text = value instanceof ConfigList
                ? value.render(ConfigRenderOptions.concise())
                : String.valueOf(value.unwrapped());
        return text.isEmpty() ? "" : "`" + text + "`";
    }

    private static String comment(ConfigValue value) {
        return value.origin().comments().stream().map(String::strip).collect(Collectors.joining(" "));
    }
}
