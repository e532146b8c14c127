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
    private static final int KILL = 128 + 9;
    private static final String WEIGHTS = "/model/weights.safetensors";
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
        master = said(run(List.of("deploy/standalone/start.sh", Integer.toString(WORKERS), "1", "2g")))
                .strip();
    }

    @AfterEach
    void stop() throws Exception {
        if (environment.containsKey("STANDALONE_DIR")) {
            run(List.of("deploy/standalone/stop.sh")).waitFor();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"spark", "spark-3.5"})
    void theExecutorOfALostWorkerMovesToAnotherOneAndCostsNoBit(String name) throws Exception {
        Path home = Path.of("target", name).toAbsolutePath();
        start(home);
        said(run(prepare("data")));
        said(run(onCluster("undisturbed")));

        String out = "disturbed";
        Process disturbed = run(onCluster(out));
        while (!losesAWorkerHalfWay(disturbed, out)) {
            said(disturbed);
            stop();
            start(home);
            out = out + "-again";
            disturbed = run(onCluster(out));
        }

        assertThat(said(disturbed)).startsWith("teacher done: ");
        assertThat(Files.readString(log()))
                .containsPattern("training was interrupted: continuing after iteration \\d+");
        assertSame("undisturbed" + WEIGHTS, out + WEIGHTS);
    }

    /** One jar, Spark as it is published, both exchanges; the driver of the second run is killed on its way. */
    @Test
    void theWholeWayGivesTheSameBitsOnBothSparks() throws Exception {
        for (String name : List.of("spark", "spark-3.5")) {
            environment = Map.of(
                    "SPARK_HOME", Path.of("target", name).toAbsolutePath().toString());
            String data = name + "/data";
            String bigdl = name + "/bigdl";
            said(run(prepare(data)));
            said(run(teacher(data, name + "/direct", "--set=training.exchange=direct")));
            int killedBy;
            do {
                Process killed = run(teacher(data, bigdl, "--set=training.exchange=bigdl", "--overwrite"));
                awaitCheckpoints(killed, folder.resolve(bigdl).resolve("checkpoints"));
                killedBy = killed.destroyForcibly().waitFor();
                // It may be done by then, on a busy machine.
            } while (killedBy == 0);
            assertThat(killedBy).isEqualTo(KILL);
            said(run(teacher(data, bigdl, "--set=training.exchange=bigdl", "--resume")));
            said(run(job(
                    "distill",
                    name + "/student",
                    "--set=data.path=" + folder.resolve(data),
                    "--set=distill.teacher=" + folder.resolve(bigdl + "/model"),
                    "--set=distill.student=resnet8",
                    "--set=training.epochs=1")));
            said(run(job(
                    "evaluate",
                    name + "/evaluation",
                    "--set=data.path=" + folder.resolve(data),
                    "--set=evaluate.model=" + folder.resolve(name + "/student/model"),
                    "--set=evaluate.predictions=true")));
            assertSame(name + "/direct" + WEIGHTS, bigdl + WEIGHTS);
        }
        for (String file : List.of(
                "/data/manifest.json", "/direct" + WEIGHTS, "/student" + WEIGHTS, "/evaluation/predictions.csv")) {
            assertSame("spark" + file, "spark-3.5" + file);
        }
    }

    @Test
    void aJobStartsWithTheClassesThatTheBuildHasArchived() throws Exception {
        Path loaded = folder.resolve("loaded.txt");
        environment = Map.of("SPARK_SUBMIT_OPTS", "-Xlog:class+load:file=" + loaded);

        assertThat(said(run(job("prepare", "data", "--dry-run")))).contains("everything checked");

        assertThat(Files.readAllLines(loaded))
                .anyMatch(line -> line.endsWith("org.apache.spark.SparkContext source: shared objects file (top)"));
    }

    private void assertSame(String one, String other) {
        assertThat(folder.resolve(other)).hasSameBinaryContentAs(folder.resolve(one));
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

    /** @param out in the test's folder */
    private List<String> job(String name, String out, String... options) {
        List<String> command = new ArrayList<>(List.of("jobs/" + name + ".sh", "--out=" + folder.resolve(out)));
        command.addAll(List.of(options));
        return command;
    }

    private List<String> prepare(String out) {
        return job(
                "prepare",
                out,
                "--set=prepare.generated.classes=3",
                "--set=prepare.generated.train-images=500",
                "--set=prepare.generated.test-images=20",
                "--set=prepare.image-size=16");
    }

    private List<String> teacher(String data, String out, String... options) {
        List<String> command = job(
                "teacher",
                out,
                "--set=data.path=" + folder.resolve(data),
                "--set=engine.threads=1",
                "--set=teacher.network=resnet8",
                "--set=teacher.student=resnet8",
                "--set=training.epochs=8",
                "--set=training.executors=2",
                "--set=training.global-batch=8",
                "--set=training.checkpoint-iterations=7");
        command.addAll(List.of(options));
        return command;
    }

    private List<String> onCluster(String out) {
        return teacher(
                "data", out, "--", "--master=" + master, "--conf=spark.cores.max=2", "--conf=spark.executor.memory=1g");
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

    private Path log() {
        return folder.resolve("stderr.log");
    }

    private Process run(List<String> command) throws IOException {
        ProcessBuilder builder =
                new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.appendTo(log().toFile()));
        builder.environment().putAll(environment);
        builder.environment().putAll(TestJvm.shortLived());
        Process process = builder.start();
        process.getOutputStream().close();
        return process;
    }

    /** Waits for it, and wants it to succeed. */
    private String said(Process process) throws IOException, InterruptedException {
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor())
                .as("%s, %s", said, Files.readString(log()))
                .isZero();
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
