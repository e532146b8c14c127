package org.sftn.deploy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * What a process left.
 *
 * @param text its output and its errors
 */
record Ran(int code, String text) {
    private static final int MOST_SECONDS = 120;

    /** @param environment beside that of this JVM */
    static Ran of(List<String> command, Map<String, String> environment) throws IOException, InterruptedException {
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().putAll(environment);
        Process process = builder.start();
        process.getOutputStream().close();
        var unused = process.onExit()
                .orTimeout(MOST_SECONDS, TimeUnit.SECONDS)
                .whenComplete((done, late) -> process.destroyForcibly());
        String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        return new Ran(process.waitFor(), text);
    }
}
