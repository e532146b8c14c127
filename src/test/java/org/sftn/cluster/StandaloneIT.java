package org.sftn.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.sftn.TestJvm;

/** Jobs on both Sparks that are supported, by the scripts that users have: with a standalone master, and alone. */
@Execution(ExecutionMode.CONCURRENT)
class StandaloneIT {
    private static final int WORKERS = 3;
    private static final String LAST_CHECKPOINT = "checkpoints/000000000504.json";

    @TempDir
    private Path folder;

    private String master;
    private Map<String, String> environment = Map.of();

    private void start(Path home) throws Exception {
        environment = Map.of(
                "SPARK_HOME", home.toString(),
                "STANDALONE_DIR", folder.resolve("cluster").toString(),
                "SPARK_MASTER_PORT", freePort(),
                "SPARK_MASTER_WEBUI_PORT", freePort());
        master = said(run("start", List.of("deploy/standalone/start.sh", Integer.toString(WORKERS), "1", "2g")))
                .strip();
    }

    @AfterEach
    void stop() throws Exception {
        if (environment.containsKey("STANDALONE_DIR")) {
            run("stop", List.of("deploy/standalone/stop.sh")).waitFor();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"spark", "spark-3.5"})
    void theExecutorOfALostWorkerMovesToAnotherOneAndCostsNoBit(String name) throws Exception {
        Path home = Path.of("target", name).toAbsolutePath();
        start(home);
        prepare();
        said(run("undisturbed", teacher("undisturbed")));

        String out = "disturbed";
        Process disturbed = run(out, teacher(out));
        while (!losesAWorkerHalfWay(disturbed, out)) {
            said(disturbed);
            stop();
            start(home);
            out = out + "-again";
            disturbed = run(out, teacher(out));
        }

        assertThat(said(disturbed)).startsWith("teacher done: ");
        assertThat(Files.readString(folder.resolve(out + ".log")))
                .containsPattern("training was interrupted: continuing after iteration \\d+");
        assertThat(folder.resolve(out + "/model/weights.safetensors"))
                .hasSameBinaryContentAs(folder.resolve("undisturbed/model/weights.safetensors"));
    }

    /** One jar, Spark as it is published, both exchanges. */
    @Test
    void bothSparksGiveTheSameBits() throws Exception {
        prepare();
        for (String name : List.of("spark", "spark-3.5")) {
            environment = Map.of(
                    "SPARK_HOME", Path.of("target", name).toAbsolutePath().toString());
            for (String exchange : List.of("direct", "bigdl")) {
                List<String> command = new ArrayList<>(teacher(name + exchange, "--master", "local[2]"));
                command.addAll(1, List.of("--set=training.exchange=" + exchange, "--set=engine.threads=1"));
                said(run(name + exchange, command));
            }
        }
        for (String other : List.of("sparkbigdl", "spark-3.5direct", "spark-3.5bigdl")) {
            assertThat(folder.resolve(other + "/model/weights.safetensors"))
                    .hasSameBinaryContentAs(folder.resolve("sparkdirect/model/weights.safetensors"));
        }
    }

    private void prepare() throws Exception {
        said(run(
                "prepare",
                List.of(
                        "jobs/prepare.sh",
                        "--set=prepare.generated.classes=3",
                        "--set=prepare.generated.train-images=500",
                        "--set=prepare.generated.test-images=20",
                        "--set=prepare.image-size=16",
                        "--out=" + folder.resolve("data"))));
    }

    /** Kills a worker that has an executor; false when the run was done by then, as it may be on a busy machine. */
    private boolean losesAWorkerHalfWay(Process job, String out) throws IOException, InterruptedException {
        awaitCheckpoints(job, folder.resolve(out).resolve("checkpoints"));
        workers()
                .filter(each -> each.children().findAny().isPresent())
                .findFirst()
                .ifPresent(ProcessHandle::destroyForcibly);
        return job.isAlive() && !Files.exists(folder.resolve(out).resolve(LAST_CHECKPOINT));
    }

    private List<String> teacher(String out) {
        return teacher(out, "--master", master, "--conf", "spark.cores.max=2", "--conf", "spark.executor.memory=1g");
    }

    private List<String> teacher(String out, String... options) {
        List<String> command = new ArrayList<>(List.of(
                "jobs/teacher.sh",
                "--set=data.path=" + folder.resolve("data"),
                "--set=teacher.network=resnet8",
                "--set=teacher.student=resnet8",
                "--set=training.epochs=8",
                "--set=training.executors=2",
                "--set=training.global-batch=8",
                "--set=training.checkpoint-iterations=7",
                "--out=" + folder.resolve(out),
                "--"));
        command.addAll(List.of(options));
        return command;
    }

    private static void awaitCheckpoints(Process job, Path checkpoints) throws IOException, InterruptedException {
        while (job.isAlive()) {
            if (Files.isDirectory(checkpoints)) {
                try (Stream<Path> files = Files.list(checkpoints)) {
                    if (files.filter(file -> file.toString().endsWith(".json")).count() > 1) {
                        return;
                    }
                }
            }
            TimeUnit.MILLISECONDS.sleep(100);
        }
    }

    private Stream<ProcessHandle> workers() throws IOException {
        List<ProcessHandle> workers = new ArrayList<>();
        for (int worker = 1; worker <= WORKERS; worker++) {
            Path pid = folder.resolve("cluster/worker" + worker + ".pid");
            ProcessHandle.of(Long.parseLong(Files.readString(pid).strip())).ifPresent(workers::add);
        }
        return workers.stream();
    }

    private Process run(String name, List<String> command) throws IOException {
        ProcessBuilder builder = new ProcessBuilder(command)
                .redirectError(folder.resolve(name + ".log").toFile());
        builder.environment().putAll(environment);
        builder.environment().putAll(TestJvm.shortLived());
        Process process = builder.start();
        process.getOutputStream().close();
        return process;
    }

    /** Waits for it, and wants it to succeed. */
    private static String said(Process process) throws IOException, InterruptedException {
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(said).isZero();
        return said;
    }

    /** One of those that no system gives away by itself: nothing takes it before the master does. */
    private static String freePort() throws IOException {
        while (true) {
            int port = ThreadLocalRandom.current().nextInt(10_000, 32_000);
            try (ServerSocket socket = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
                return Integer.toString(socket.getLocalPort());
            } catch (BindException e) {
                // Taken.
            }
        }
    }
}
