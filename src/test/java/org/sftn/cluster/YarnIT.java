package org.sftn.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.hadoop.fs.permission.FsPermission;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.api.parallel.ResourceAccessMode;
import org.junit.jupiter.api.parallel.ResourceLock;
import org.sftn.cluster.HadoopCluster.Job;

/** Jobs on YARN with all data on HDFS, against the same run in one process. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Execution(ExecutionMode.CONCURRENT)
class YarnIT {
    private static final String EXECUTOR = "org.apache.spark.executor.YarnCoarseGrainedExecutorBackend";
    private static final String DRIVER = "org.apache.spark.deploy.yarn.ApplicationMaster";
    private static final String WEIGHTS = "/model/weights.safetensors";

    /** Shared by all tests but those that stop it for a while. */
    private static final String NAME_NODE = "name node";

    // 2 epochs of 63 iterations.
    private static final List<String> TEACHER = List.of(
            "teacher",
            "--set=data.path=hdfs:///data",
            "--set=engine.threads=1",
            "--set=teacher.network=resnet8",
            "--set=teacher.student=resnet8",
            "--set=training.epochs=2",
            "--set=training.executors=2",
            "--set=training.global-batch=8",
            "--set=training.checkpoint-iterations=7");

    private static final String LAST_CHECKPOINT = "000000000126.json";

    private final Path folder = Path.of("target/minicluster/run").toAbsolutePath();
    private HadoopCluster cluster;
    private byte[] undisturbed;

    @BeforeAll
    void prepareAndTrainInOneProcess() throws Exception {
        cluster = HadoopCluster.start(emptied(folder));
        Job prepare = cluster.onYarn(
                "prepare",
                List.of(
                        "prepare",
                        "--set=prepare.generated.classes=3",
                        "--set=prepare.generated.train-images=500",
                        "--set=prepare.generated.test-images=20",
                        "--set=prepare.image-size=16",
                        "--out=hdfs:///data"));
        assertThat(prepare.code()).as(prepare.said()).isZero();
        assertThat(prepare.said()).contains("prepare done: 500 training and 20 test images of 3 classes");
        Job local = cluster.local("local", to("/runs/local"), Map.of());
        assertThat(local.code()).as(local.said()).isZero();
        undisturbed = cluster.read("/runs/local" + WEIGHTS);
    }

    private static Path emptied(Path folder) throws IOException {
        if (Files.exists(folder)) {
            try (Stream<Path> files = Files.walk(folder)) {
                for (Path each : files.sorted(Collections.reverseOrder()).toList()) {
                    Files.delete(each);
                }
            }
        }
        return folder;
    }

    @AfterAll
    void stop() throws Exception {
        if (cluster != null) {
            cluster.close();
        }
    }

    @Test
    @ResourceLock(value = NAME_NODE, mode = ResourceAccessMode.READ)
    void aKilledExecutorCostsNoBit() throws Exception {
        Job job = killed(EXECUTOR, "/runs/executor", () -> cluster.onYarn("executor", to("/runs/executor")));

        assertThat(job.code()).as(job.said()).isZero();
        assertThat(job.said()).containsPattern("training was interrupted: continuing after iteration \\d+");
        assertThat(result("/runs/executor").path("status").asText()).isEqualTo("done");
        assertThat(cluster.read("/runs/executor" + WEIGHTS)).isEqualTo(undisturbed);
    }

    @Test
    @ResourceLock(value = NAME_NODE, mode = ResourceAccessMode.READ)
    void inClusterModeTheSettingsAreShippedAndTheReasonOfAFailureComesBack() throws Exception {
        Path included = Files.writeString(folder.resolve("common.conf"), """
                data.path = "hdfs:///data"
                engine.threads = 1
                training { executors = 2, global-batch = 8, epochs = 1 }
                """);
        Path config = Files.writeString(folder.resolve("distill.conf"), """
                include "common.conf"
                distill { teacher = "hdfs:///runs/local/model", student = resnet8, method = kd }
                """);
        List<String> distill = List.of("distill", "--config=distill.conf", "--out=hdfs:///runs/student");
        String files = "--files=" + config + "," + included;

        Job job = cluster.onYarn("distill", distill, "--deploy-mode=cluster", files);
        assertThat(job.code()).as(job.said()).isZero();
        assertThat(job.said()).contains("Submitted application application_");
        JsonNode student = result("/runs/student");
        assertThat(student.path("status").asText()).isEqualTo("done");

        Job again =
                cluster.onYarn("again", distill, "--deploy-mode=cluster", files, "--conf=spark.yarn.maxAppAttempts=1");
        assertThat(again.code()).isEqualTo(1);
        assertThat(again.said())
                .contains("JobFailedException: exit code 2: --out ")
                .contains("/runs/student holds a finished run: take another folder");

        Job evaluate = cluster.onYarn(
                "evaluate",
                List.of(
                        "evaluate",
                        "--set=data.path=hdfs:///data",
                        "--set=evaluate.model=hdfs:///runs/student/model",
                        "--out=hdfs:///runs/evaluation"));
        assertThat(evaluate.code()).as(evaluate.said()).isZero();
        assertThat(result("/runs/evaluation").path("top1")).isEqualTo(student.path("top1"));
    }

    @Test
    @ResourceLock(value = NAME_NODE, mode = ResourceAccessMode.READ)
    void theSecondAttemptOfAKilledDriverIsRefusedWithoutResume() throws Exception {
        Job refused = killed(
                DRIVER, "/runs/driver", () -> cluster.onYarn("driver", to("/runs/driver"), "--deploy-mode=cluster"));
        assertThat(refused.code()).isEqualTo(1);
        assertThat(refused.said())
                .contains("JobFailedException: exit code 2: --out ")
                .contains("/runs/driver holds an unfinished run: add --resume to continue it");

        Job resumed = cluster.onYarn("resumed", resuming("/runs/driver"), "--deploy-mode=cluster");
        assertThat(resumed.code()).as(resumed.said()).isZero();
        assertThat(cluster.read("/runs/driver" + WEIGHTS)).isEqualTo(undisturbed);
    }

    @Test
    @ResourceLock(value = NAME_NODE, mode = ResourceAccessMode.READ)
    void theSecondAttemptOfAKilledDriverContinuesWithResume() throws Exception {
        Job continued = killed(
                DRIVER,
                "/runs/attempts",
                () -> cluster.onYarn("attempts", resuming("/runs/attempts"), "--deploy-mode=cluster"));
        assertThat(continued.code()).as(continued.said()).isZero();
        assertThat(cluster.read("/runs/attempts" + WEIGHTS)).isEqualTo(undisturbed);
    }

    private static List<String> resuming(String run) {
        return Stream.concat(to(run).stream(), Stream.of("--resume")).toList();
    }

    /** A run of which a process was killed half-way. */
    private Job killed(String mainClass, String run, Start start) throws Exception {
        return disturbed(run, start, job -> {
            cluster.container(job, mainClass).ifPresent(ProcessHandle::destroyForcibly);
            return isUnderWay(run);
        });
    }

    /** A run that was disturbed half-way: on a busy machine one may be faster than what disturbs it, and is started again. */
    private Job disturbed(String run, Start start, Disturbance disturbance) throws Exception {
        while (true) {
            Job job = start.run();
            cluster.awaitCheckpoints(job, run, 2);
            if (disturbance.hits(job)) {
                return job;
            }
            job.code();
            cluster.files().delete(HadoopCluster.path(run), true);
        }
    }

    private boolean isUnderWay(String run) throws IOException {
        return !cluster.files().exists(HadoopCluster.path(run + "/result.json"))
                && cluster.checkpoints(run).noneMatch(LAST_CHECKPOINT::equals);
    }

    private interface Start {
        Job run() throws Exception;
    }

    private interface Disturbance {
        boolean hits(Job job) throws Exception;
    }

    @Test
    @ResourceLock(value = NAME_NODE, mode = ResourceAccessMode.READ)
    void anOutputThatMayNotBeWrittenIsAMistakeOfTheUser() throws Exception {
        cluster.files().mkdirs(HadoopCluster.path("/private"), new FsPermission("755"));
        Job job = cluster.local("private", to("/private/run"), Map.of("HADOOP_USER_NAME", "somebody"));

        assertThat(job.code()).as(job.said()).isEqualTo(2);
        assertThat(job.said())
                .contains(
                        "error: --out hdfs:",
                        "/private/run cannot be written: Permission denied: user=somebody, access=WRITE, inode=\"/private\"");
    }

    @Test
    @ResourceLock(NAME_NODE)
    void aNameNodeInSafeModeIsWaitedForAsLongAsTheClientRetries() throws Exception {
        Job job = inSafeMode(
                "/runs/waited",
                () -> cluster.onYarn(
                        "waited",
                        to("/runs/waited"),
                        "--conf=spark.hadoop.dfs.client.retry.policy.enabled=true",
                        "--conf=spark.hadoop.dfs.client.retry.policy.spec=500,600"));
        leaveSafeModeAfter(() -> {
            cluster.awaitRefusals(job, "/runs/waited", 5);
            assertThat(job.process().isAlive()).as(job.said()).isTrue();
        });

        assertThat(job.code()).as(job.said()).isZero();
        assertThat(cluster.read("/runs/waited" + WEIGHTS)).isEqualTo(undisturbed);
    }

    @Test
    @ResourceLock(NAME_NODE)
    void aNameNodeInSafeModeIsWaitedForByTheRunItself() throws Exception {
        Job job = inSafeMode("/runs/repaired", () -> cluster.local("repaired", to("/runs/repaired"), Map.of()));
        leaveSafeModeAfter(() -> {
            while (!job.said().contains("Files cannot be read or written now; the next attempt is in 10 s")
                    && job.process().isAlive()) {
                Thread.sleep(100);
            }
        });

        assertThat(job.code()).as(job.said()).isZero();
        assertThat(job.said())
                .contains("Name node is in safe mode")
                .contains("training was interrupted: continuing after");
        assertThat(cluster.read("/runs/repaired" + WEIGHTS)).isEqualTo(undisturbed);
    }

    @Test
    @ResourceLock(NAME_NODE)
    void aRunThatSafeModeHasEndedIsResumed() throws Exception {
        List<String> once = Stream.concat(to("/runs/ended").stream(), Stream.of("--set=training.attempts=1"))
                .toList();
        Job ended = inSafeMode("/runs/ended", () -> cluster.local("ended", once, Map.of()));
        leaveSafeModeAfter(ended::code);

        assertThat(ended.code()).isEqualTo(3);
        assertThat(ended.said()).contains("SafeModeException").contains("Name node is in safe mode");
        Job resumed = cluster.local(
                "ended-resumed",
                Stream.concat(once.stream(), Stream.of("--resume")).toList(),
                Map.of());
        assertThat(resumed.code()).as(resumed.said()).isZero();
        assertThat(resumed.said()).containsPattern("continuing after iteration \\d+");
        assertThat(cluster.read("/runs/ended" + WEIGHTS)).isEqualTo(undisturbed);
    }

    private interface Step {
        void run() throws Exception;
    }

    private Job inSafeMode(String run, Start start) throws Exception {
        return disturbed(run, start, job -> {
            cluster.command("safemode enter");
            boolean hits = isUnderWay(run);
            if (!hits) {
                cluster.command("safemode leave");
            }
            return hits;
        });
    }

    private void leaveSafeModeAfter(Step step) throws Exception {
        try {
            step.run();
        } finally {
            cluster.command("safemode leave");
        }
    }

    private static List<String> to(String run) {
        return Stream.concat(TEACHER.stream(), Stream.of("--out=hdfs://" + run)).toList();
    }

    private JsonNode result(String run) throws IOException {
        return new ObjectMapper().readTree(cluster.read(run + "/result.json"));
    }
}
