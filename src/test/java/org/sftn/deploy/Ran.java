package org.sftn.deploy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.sftn.TestJvm;

/** What a process left. */
record Ran(int code, String out, String err) {
    /** A process that has been started. */
    record Running(Process process, Path err) {
        Ran await() throws IOException, InterruptedException {
            String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            Ran ran = new Ran(process.waitFor(), out, Files.readString(err));
            Files.delete(err);
            return ran;
        }
    }

    static Ran of(List<String> command, Map<String, String> environment) throws IOException, InterruptedException {
        return start(command, environment).await();
    }

    /** @param environment beside that of this JVM */
    static Running start(List<String> command, Map<String, String> environment) throws IOException {
        Path err = Files.createTempFile("stderr", ".txt");
        ProcessBuilder builder = new ProcessBuilder(command).redirectError(err.toFile());
        builder.environment().putAll(environment);
        Process process = builder.start();
        process.getOutputStream().close();
        // By its handle: Process.destroy closes the streams that are still to be read.
        var unused = process.onExit()
                .orTimeout(TestJvm.HANGS.toSeconds(), TimeUnit.SECONDS)
                .exceptionally(late -> {
                    process.toHandle().destroyForcibly();
                    return process;
                });
        return new Running(process, err);
    }

    String text() {
        return out + err;
    }
}
