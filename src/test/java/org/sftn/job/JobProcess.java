package org.sftn.job;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.sftn.TestJvm;

/**
 * A job in a process of its own, on the Spark of {@link Ran}; it ends with this JVM.
 *
 * @param log what it has said on both streams
 */
record JobProcess(Process process, Path log) {
    /** Takes what killed processes leave, and the stack traces of those that fail. */
    private static final Path TEMPORARY = Path.of("target/tmp").toAbsolutePath();

    /** @param job name and options, without --out */
    static JobProcess start(List<String> job, Path out, Path log) throws IOException {
        return run(command(job, out), log);
    }

    static List<String> command(List<String> job, Path out) throws IOException {
        List<String> command = TestJvm.command();
        command.addAll(TestJvm.SHORT_LIVED);
        command.add("-Xmx1g");
        command.add("-Dlog4j2.configurationFile=" + System.getProperty("log4j2.configurationFile"));
        command.add("-Djava.io.tmpdir=" + Files.createDirectories(TEMPORARY));
        Ran.SPARK.forEach((key, value) -> command.add("-D" + key + "=" + value));
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), Main.class.getName()));
        command.addAll(job);
        command.add("--out=" + out);
        return command;
    }

    static JobProcess run(List<String> command, Path log) throws IOException {
        return run(command, log, Map.of());
    }

    static JobProcess run(List<String> command, Path log, Map<String, String> environment) throws IOException {
        ProcessBuilder builder = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()));
        builder.environment().putAll(environment);
        Process process = builder.start();
        // Also when this JVM ends, or the test fails.
        Runtime.getRuntime().addShutdownHook(new Thread(process::destroyForcibly));
        var unused = process.onExit()
                .orTimeout(TestJvm.HANGS.toSeconds(), TimeUnit.SECONDS)
                .whenComplete((done, late) -> process.destroyForcibly());
        return new JobProcess(process, log);
    }

    /** @return the exit code */
    int await() throws InterruptedException {
        return process.waitFor();
    }

    /**
     * Kills it as soon as something is so.
     *
     * @return whether it was still alive then; on a busy machine it may have come to its end before
     * @throws AssertionError when it has failed before
     */
    boolean killWhen(Condition condition) throws IOException, InterruptedException {
        while (process.isAlive() && !condition.holds()) {
            Thread.sleep(5);
        }
        boolean alive = process.isAlive();
        if (!alive) {
            assertThat(process.exitValue()).as(said()).isZero();
        }
        kill();
        return alive;
    }

    /** What is waited for. */
    @FunctionalInterface
    interface Condition {
        boolean holds() throws IOException;
    }

    void kill() throws InterruptedException {
        process.destroyForcibly().waitFor();
    }

    String said() throws IOException {
        return Files.readString(log);
    }
}
