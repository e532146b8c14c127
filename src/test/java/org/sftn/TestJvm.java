package org.sftn;

import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** For tests that start a JVM, or another process, of their own. */
public final class TestJvm {
    /** No process of a test takes this long unless it hangs, however busy the machine is. */
    public static final Duration HANGS = Duration.ofMinutes(15);

    /** For JVMs that live for seconds: they do not compile and collect as if they were to live for days. */
    public static final List<String> SHORT_LIVED = List.of("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC");

    private TestJvm() {}

    /** The same for processes that start JVMs: environment variables. */
    public static Map<String, String> shortLived() {
        return Map.of("JAVA_TOOL_OPTIONS", String.join(" ", SHORT_LIVED));
    }

    /** The start of a command: this JVM's java, which opens the same packages of the JDK. */
    public static List<String> command() {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(openings());
        return command;
    }

    /** This JVM's {@code --add-opens}. */
    public static List<String> openings() {
        return ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
                .filter(argument -> argument.startsWith("--add-opens"))
                .toList();
    }
}
