package org.sftn.job;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.sftn.TestJvm;

/**
 * A job in a process of its own, with two local cores; it ends with this JVM.
 *
 * @param log what it has said on both streams
 */
record JobProcess(Process process, Path log) {
    /** @param job name and options, without --out */
    static JobProcess start(List<String> job, Path out, Path log) throws IOException {
        return run(command(job, out), log);
    }

    static List<String> command(List<String> job, Path out) {
        List<String> command = TestJvm.command();
        command.addAll(List.of(
                "-Xmx1g",
                "-Dspark.master=local[2]",
                "-Dspark.ui.enabled=false",
                "-Dspark.driver.host=127.0.0.1",
                "-Dspark.driver.bindAddress=127.0.0.1",
                "-cp",
                System.getProperty("java.class.path"),
                Main.class.getName()));
        command.addAll(job);
        command.add("--out=" + out);
        return command;
    }

    static JobProcess run(List<String> command, Path log) throws IOException {
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()))
                .start();
        // Also when this JVM ends, or the test fails.
        Runtime.getRuntime().addShutdownHook(new Thread(process::destroyForcibly));
        var unused = process.onExit()
                .orTimeout(200, TimeUnit.SECONDS)
                .whenComplete((done, late) -> process.destroyForcibly());
        return new JobProcess(process, log);
    }

    /** @return the exit code */
    int await() throws InterruptedException {
        return process.waitFor();
    }

    void kill() throws InterruptedException {
        process.destroyForcibly().waitFor();
    }

    String said() throws IOException {
        return Files.readString(log);
    }
}
