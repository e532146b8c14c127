package org.sftn;

import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** For tests that start a JVM of their own. */
public final class TestJvm {
    private TestJvm() {}

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
