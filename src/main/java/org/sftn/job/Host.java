package org.sftn.job;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/** The machine of the driver, as far as it decides the speed of training. */
record Host(String processor, int cores, List<String> instructions) {
    private static final List<String> OF_INTEREST =
            List.of("avx2", "avx512f", "avx512_vnni", "avx512_bf16", "amx_tile", "amx_bf16", "amx_int8");

    static Host current() {
        int cores = Runtime.getRuntime().availableProcessors();
        List<String> lines;
        try {
            lines = Files.readAllLines(Path.of("/proc/cpuinfo"));
        } catch (IOException e) {
            return new Host("unknown", cores, List.of());
        }
        Set<String> flags = Set.of(value(lines, "flags").orElse("").split("\\s+"));
        return new Host(
                value(lines, "model name").orElse("unknown"),
                cores,
                OF_INTEREST.stream().filter(flags::contains).toList());
    }

    private static Optional<String> value(List<String> lines, String key) {
        return lines.stream()
                .filter(l -> l.startsWith(key))
                .findFirst()
                .map(l -> l.substring(l.indexOf(':') + 1).strip());
    }

    @Override
    public String toString() {
        return String.format(
                Locale.ROOT,
                "%s, %d cores, %s",
                processor,
                cores,
                instructions.isEmpty() ? "no known vector flags" : String.join(" ", instructions));
    }
}
