package org.sftn.engine;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * This machine's processor, as Linux describes it.
 *
 * @param name such as {@code Intel(R) Xeon(R) Platinum 8488C}; "unknown" where nothing describes it
 * @param maker such as {@code GenuineIntel}
 * @param flags such as {@code avx2}
 */
public record Processor(String name, String maker, Set<String> flags) {
    private static final String UNKNOWN = "unknown";

    public static Processor current() {
        List<String> lines;
        try {
            lines = Files.readAllLines(Path.of("/proc/cpuinfo"));
        } catch (IOException e) {
            return new Processor(UNKNOWN, UNKNOWN, Set.of());
        }
        return new Processor(
                value(lines, "model name").orElse(UNKNOWN),
                value(lines, "vendor_id").orElse(UNKNOWN),
                Set.of(value(lines, "flags").orElse("").split("\\s+")));
    }

    private static Optional<String> value(List<String> lines, String key) {
        return lines.stream()
                .filter(l -> l.startsWith(key))
                .findFirst()
                .map(l -> l.substring(l.indexOf(':') + 1).strip());
    }

    public boolean has(String flag) {
        return flags.contains(flag);
    }
}
