package org.sftn.engine.onednn;

import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** How much more memory this process can have. Linux promises more than there is, and then kills whoever uses it. */
final class FreeMemory {
    private static final Path SYSTEM = Path.of("/proc/meminfo");
    private static final Path PROCESS = Path.of("/proc/self/status");

    private FreeMemory() {}

    /** In bytes, of the machine's with its swap and of the container's; {@link Long#MAX_VALUE} where the system does not tell. */
    static long bytes() {
        try {
            String system = Files.readString(SYSTEM);
            long machine = bytes("MemAvailable", system) + bytes("SwapFree", system);
            OperatingSystemMXBean limit = ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);
            long container = limit.getTotalMemorySize()
                    + limit.getTotalSwapSpaceSize()
                    - bytes("VmRSS", Files.readString(PROCESS));
            return Math.min(machine, container);
        } catch (IOException | IllegalArgumentException e) {
            return Long.MAX_VALUE;
        }
    }

    /** @throws IllegalArgumentException when there is no such line */
    private static long bytes(String name, String lines) {
        Matcher line = Pattern.compile("^" + name + ":\\s+(\\d+) kB$", Pattern.MULTILINE)
                .matcher(lines);
        if (!line.find()) {
            throw new IllegalArgumentException("there is no " + name);
        }
        return Long.parseLong(line.group(1)) << 10;
    }
}
