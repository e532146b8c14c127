package org.sftn.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.apache.commons.codec.digest.DigestUtils;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.LocatedFileStatus;
import org.apache.hadoop.fs.RemoteIterator;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.sftn.S3Server;
import org.sftn.TestJvm;

/** Jobs by the scripts that users have, with all paths on S3, against the same on a local disk. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Execution(ExecutionMode.CONCURRENT)
class ObjectStoreIT {
    private static final int KILL = 128 + 9;
    private static final String DONE = "state       done";

    /** How often prepare is killed, each time later; ten were tried by hand. */
    private static final int KILLS = 2;

    private static final int PHOTOS = 5;

    // 465 were measured before files were written under their own names.
    private static final int MOST_REQUESTS = 232;

    private Path folder;
    private S3Server server;
    private Configuration hadoop;

    @BeforeAll
    void prepareOnBoth(@TempDir Path shared) throws Exception {
        folder = shared;
        server = S3Server.start(folder, 0);
        hadoop = server.configuration();
        Job local = start("prepare-local", prepare(local("data")));
        succeed(start("prepare", prepare(S3Server.uri("way/data"))));
        succeed(local);
    }

    @AfterAll
    void stop() throws Exception {
        if (server != null) {
            server.close();
        }
    }

    @Test
    void theWholeWayWithAKilledTeacherGivesTheBytesOfALocalDisk() throws Exception {
        succeed(start("teacher-local", teacher(local("data"), local("teacher"))));
        takePhotos(local(""));
        takePhotos(S3Server.uri("way/"));
        trainTheRest("local", local(""));

        List<String> teacher = teacher(S3Server.uri("way/data"), S3Server.uri("way/teacher"));
        int killedBy;
        do {
            Job job = start("teacher-killed", with(teacher, "--overwrite"));
            while (checkpoints(S3Server.uri("way/teacher")) < 2 && job.process().isAlive()) {
                TimeUnit.MILLISECONDS.sleep(50);
            }
            killedBy = job.process().destroyForcibly().waitFor();
            // It may be done by then, on a busy machine.
        } while (killedBy == 0);
        assertThat(killedBy).isEqualTo(KILL);
        assertThat(succeed(start("teacher-resumed", with(teacher, "--resume"))))
                .containsPattern("continuing after iteration \\d+");
        trainTheRest("s3", S3Server.uri("way/"));

        Map<String, String> digests = digests(local(""));
        assertThat(digests(S3Server.uri("way/"))).isEqualTo(digests);
        assertThat(digests)
                .containsKeys(
                        "data/manifest.json",
                        "data/train/part-00000.parquet",
                        "teacher/model/weights.safetensors",
                        "student/model/weights.safetensors",
                        "evaluation/predictions.csv",
                        "student.safetensors",
                        "labels/csv/part-00000.csv",
                        "labels/predictions/part-00000.parquet");
        assertThat(status("way/teacher")).contains(DONE);
    }

    private void trainTheRest(String name, String root) throws Exception {
        succeed(start(
                "distill-" + name,
                job(
                        "distill",
                        root + "student",
                        "data.path=" + root + "data",
                        "distill.teacher=" + root + "teacher/model",
                        "distill.student=resnet8",
                        "engine.threads=1",
                        "training.epochs=1")));
        succeed(start(
                "evaluate-" + name,
                job(
                        "evaluate",
                        root + "evaluation",
                        "data.path=" + root + "data",
                        "evaluate.model=" + root + "student/model",
                        "evaluate.predictions=true")));
        succeed(start(
                "export-" + name,
                List.of(
                        "jobs/export.sh",
                        "--format=safetensors",
                        "--model=" + root + "student/model",
                        "--out=" + root + "student.safetensors")));
        succeed(start(
                "predict-" + name,
                job(
                        "predict",
                        root + "labels",
                        "predict.input=" + root + "photos",
                        "predict.model=" + root + "student/model",
                        "predict.csv=true")));
    }

    private void takePhotos(String root) throws IOException {
        for (int i = 0; i < PHOTOS; i++) {
            org.apache.hadoop.fs.Path photo = path(root + "photos/" + i + ".png");
            BufferedImage image = new BufferedImage(16 + i, 16, BufferedImage.TYPE_INT_RGB);
            image.setRGB(i, i, 0xFFFFFF);
            try (OutputStream out = photo.getFileSystem(hadoop).create(photo)) {
                ImageIO.write(image, "png", out);
            }
        }
    }

    @Test
    void aTeacherOfFourCheckpointsSendsFewRequests() throws Exception {
        FileSystem store = FileSystem.get(path(S3Server.uri("")).toUri(), hadoop);
        store.copyFromLocalFile(path(local("data")), path(S3Server.uri("counted/data")));
        int before = server.requests("counted").size();

        List<String> teacher = with(
                teacher(S3Server.uri("counted/data"), S3Server.uri("counted/teacher")),
                "--set=data.train-images=64",
                "--set=training.global-batch=16",
                "--set=training.epochs=4",
                "--set=training.checkpoint-iterations=0");
        succeed(start("counted", teacher));

        List<String> requests = server.requests("counted");
        assertThat(requests).contains("PUT /sftn/counted/teacher/checkpoints/000000000016.json");
        assertThat(requests.subList(before, requests.size())).as("requests").hasSizeLessThanOrEqualTo(MOST_REQUESTS);
    }

    @Test
    void aKilledPrepareIsUnfinishedAndGoesOn() throws Exception {
        int requests = server.requests("/way/data/").size();
        for (int kill = 1; kill <= KILLS; kill++) {
            String name = "killed-" + kill;
            List<String> prepare = prepare(S3Server.uri(name + "/out"));
            Job job = start(name, prepare);
            while (server.requests(name).size() < requests * kill / (KILLS + 1)
                    && job.process().isAlive()) {
                TimeUnit.MILLISECONDS.sleep(20);
            }
            assertThat(job.process().destroyForcibly().waitFor()).as(job.said()).isEqualTo(KILL);
            boolean done = exists(name + "/out/result.json");
            assertThat(status(name + "/out").contains(DONE)).isEqualTo(done);

            succeed(start(name + "-resumed", with(prepare, "--resume")));
            assertThat(digests(S3Server.uri(name + "/out/"))).isEqualTo(digests(S3Server.uri("way/data/")));
        }
    }

    @Test
    void aBucketThatIsNotThereIsAMistake() throws Exception {
        Job job = start("no-bucket", prepare("s3a://nowhere/out"));
        assertThat(job.process().waitFor()).as(job.said()).isEqualTo(2);
        assertThat(job.said()).contains("s3a://nowhere/out cannot be used: its store has no bucket of that name");
    }

    private boolean exists(String name) throws IOException {
        org.apache.hadoop.fs.Path path = path(S3Server.uri(name));
        return path.getFileSystem(hadoop).exists(path);
    }

    /** Of what must be the same wherever it lies, by name. */
    private Map<String, String> digests(String root) throws IOException {
        Map<String, String> digests = new TreeMap<>();
        FileSystem files = path(root).getFileSystem(hadoop);
        String start = files.makeQualified(path(root)).toUri().getPath();
        RemoteIterator<LocatedFileStatus> all = files.listFiles(path(root), true);
        while (all.hasNext()) {
            org.apache.hadoop.fs.Path file = all.next().getPath();
            String name = file.toUri().getPath().substring(start.length()).replaceFirst("^/", "");
            if (name.matches("(data/)?(manifest\\.json|\\w+/part-\\d+\\.parquet)|.*model/weights\\.safetensors"
                    + "|student\\.safetensors|.*predictions\\.csv|labels/\\w+/part-\\d+\\.\\w+")) {
                try (InputStream in = files.open(file)) {
                    digests.put(name, DigestUtils.sha256Hex(in));
                }
            }
        }
        return digests;
    }

    private int checkpoints(String run) throws IOException {
        org.apache.hadoop.fs.Path markers = path(run + "/checkpoints/*.json");
        return markers.getFileSystem(hadoop).globStatus(markers).length;
    }

    private static org.apache.hadoop.fs.Path path(String path) {
        return new org.apache.hadoop.fs.Path(path);
    }

    private String local(String name) {
        return "file:" + folder.resolve("local") + "/" + name;
    }

    private static List<String> job(String name, String out, String... settings) {
        return Stream.concat(
                        Stream.of("jobs/" + name + ".sh", "--out=" + out),
                        Stream.of(settings).map(each -> "--set=" + each))
                .toList();
    }

    private static List<String> with(List<String> command, String... more) {
        return Stream.concat(command.stream(), Stream.of(more)).toList();
    }

    private static List<String> prepare(String out) {
        return job(
                "prepare",
                out,
                "prepare.generated.classes=3",
                "prepare.generated.train-images=500",
                "prepare.generated.test-images=20",
                "prepare.image-size=16",
                "prepare.shard-size=100KiB");
    }

    // 3 epochs of 63 iterations.
    private static List<String> teacher(String data, String out) {
        return job(
                "teacher",
                out,
                "data.path=" + data,
                "engine.threads=1",
                "teacher.network=resnet8",
                "teacher.student=resnet8",
                "training.epochs=3",
                "training.executors=2",
                "training.global-batch=8",
                "training.checkpoint-iterations=7");
    }

    /** A job that was started; its output is a file. */
    private record Job(Process process, Path output) {
        String said() throws IOException {
            return Files.readString(output);
        }
    }

    private Job start(String name, List<String> command) throws IOException {
        Path output = folder.resolve(name + ".log");
        ProcessBuilder builder =
                new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(output.toFile());
        builder.environment().keySet().removeAll(List.of("SPARK_CONF_DIR", "MASTER"));
        builder.environment().put("SPARK_HOME", S3Server.SPARK_HOME.toString());
        builder.environment().put("HADOOP_CONF_DIR", server.conf().toString());
        builder.environment().putAll(TestJvm.shortLived());
        return new Job(builder.start(), output);
    }

    /** Waits for its end; what it has said. */
    private static String succeed(Job job) throws IOException, InterruptedException {
        assertThat(job.process().waitFor()).as(job.said()).isZero();
        return job.said();
    }

    /** What the run is said to be; that there is none, too. */
    private String status(String run) throws IOException, InterruptedException {
        Job status = start("status", List.of("jobs/status.sh", S3Server.uri(run)));
        status.process().waitFor();
        return status.said();
    }
}
