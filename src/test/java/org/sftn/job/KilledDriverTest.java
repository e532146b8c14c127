package org.sftn.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.sftn.TestMetrics;

/** Jobs in processes of their own that are killed, come twice, or run out of disk. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class KilledDriverTest {
    private Path folder;
    private List<String> teacher;

    @BeforeAll
    void runUndisturbed(@TempDir Path shared) throws Exception {
        folder = shared;
        // 5 epochs of 10 iterations, the last of an epoch with 3 images.
        teacher = List.of(
                "teacher",
                "--set=data.path=" + Fixture.images().folder(),
                "--set=teacher.network=resnet8",
                "--set=teacher.student=resnet8",
                "--set=training.epochs=5",
                "--set=training.global-batch=5",
                "--set=training.checkpoint-iterations=7");
        Ran undisturbed =
                Ran.of(with(teacher, "--out=" + folder.resolve("undisturbed")).toArray(String[]::new));
        assertThat(undisturbed.code()).as(undisturbed.err()).isZero();
    }

    private JobProcess start(List<String> job, String out) throws IOException {
        return JobProcess.start(job, folder.resolve(out), folder.resolve(out + ".log"));
    }

    private static List<String> with(List<String> job, String... more) {
        List<String> all = new ArrayList<>(job);
        all.addAll(List.of(more));
        return all;
    }

    @Test
    void aRunThatIsKilledAndLosesACheckpointEndsWithTheSameBits() throws Exception {
        boolean killed;
        do {
            killed = start(with(teacher, "--overwrite"), "killed")
                    .killWhen(() -> checkpoints("killed").size() >= 3);
        } while (!killed || Files.exists(folder.resolve("killed/result.json")));
        List<Path> markers = checkpoints("killed");
        Path newest = markers.get(markers.size() - 1);
        flipAByte(newest);

        JobProcess resumed = start(with(teacher, "--resume"), "killed");

        assertThat(resumed.await()).as(resumed.said()).isZero();
        assertThat(resumed.said())
                .contains(String.format(Locale.ROOT, "The checkpoint file:%s is damaged and not used: ", newest))
                .contains(String.format(
                        Locale.ROOT, "continuing after iteration %d\n", iterations(markers.get(markers.size() - 2))));
        assertSameAsUndisturbed("killed");
    }

    @Test
    void aFolderThatARunUsesIsRefusedToAnother() throws Exception {
        JobProcess first = start(with(teacher, "--set=training.epochs=100000"), "used");
        Path lock = folder.resolve("used/running.json");
        while (!Files.exists(lock) && first.process().isAlive()) {
            Thread.sleep(20);
        }
        Ran second = Ran.of(with(teacher, "--set=training.epochs=100000", "--resume", "--out=" + folder.resolve("used"))
                .toArray(String[]::new));
        assertThat(second.code()).as(second.err()).isEqualTo(2);
        assertThat(second.err())
                .matches("error: --out file:\\S+/used is in use by another run \\(teacher since \\S+, host \\S+,"
                        + String.format(
                                Locale.ROOT,
                                " process %d, local-\\d+\\): wait for it, or take another folder\n",
                                first.process().pid()));
        assertThat(first.process().isAlive()).as(first.said()).isTrue();
        assertThat(lock).exists();
        first.kill();
    }

    @Test
    void aFullDiskEndsTheRunWithItsReasonAndCostsNoBit() throws Exception {
        Path disk = Files.createDirectory(folder.resolve("disk"));
        String mount = mount("1500k", disk);
        // Room for two checkpoints; then the disk grows.
        String run = "'"
                + String.join(
                        "' '",
                        JobProcess.command(
                                with(teacher, "--set=training.attempts=2", "--set=training.retry-delay=100 ms"),
                                disk.resolve("full")))
                + "'";
        JobProcess both = JobProcess.run(
                List.of(
                        "unshare",
                        "--map-root-user",
                        "--mount",
                        "sh",
                        "-c",
                        String.format(
                                Locale.ROOT,
                                "%s && { %s; echo first: $?; } && mount -o remount,size=64m '%s' && { %s --resume; echo second: $?; } && cp -r '%s' '%s'",
                                mount,
                                run,
                                disk,
                                run,
                                disk.resolve("full"),
                                folder.resolve("full"))),
                folder.resolve("full.log"));
        assertThat(both.await()).as(both.said()).isZero();
        assertThat(both.said())
                .containsPattern("error: teacher failed: .*training failed 2 times without progress"
                        + " \\(training.attempts\\); the last time: .*file:\\S+ cannot be written: No space left on device"
                        + " \\(stack trace in \\S+\\)\n")
                .containsPattern("WARN  Retries: Attempt 1 has failed: .* cannot be written: No space left on device")
                .doesNotContain("\tat ")
                .contains("first: 3\n", "second: 0\n")
                .containsPattern("continuing after iteration \\d+");
        assertSameAsUndisturbed("full");
    }

    @Test
    void anExportThatHasNoRoomSaysWhereAndLeavesNothing() throws Exception {
        Path disk = Files.createDirectory(folder.resolve("small"));
        String mount = mount("200k", disk);
        String export = "'"
                + String.join(
                        "' '",
                        JobProcess.command(
                                List.of("export", "--model=" + folder.resolve("undisturbed/model")),
                                disk.resolve("model.onnx")))
                + "'";

        JobProcess both = JobProcess.run(
                List.of(
                        "unshare",
                        "--map-root-user",
                        "--mount",
                        "sh",
                        "-c",
                        String.format(Locale.ROOT, "%s && { %s; echo code: $?; ls -A '%s'; }", mount, export, disk)),
                folder.resolve("small.log"));

        both.await();
        assertThat(both.said())
                .matches(
                        "error: export failed: .*file:\\S+/model.onnx.unfinished cannot be written: No space left on device"
                                + " \\(stack trace in \\S+\\)\ncode: 3\n");
    }

    @Test
    void aSignalIsAnsweredWithWhatToDoAndNothingElse() throws Exception {
        JobProcess job = start(with(teacher, "--set=training.epochs=100000"), "stopped");
        while (job.process().isAlive() && checkpoints("stopped").isEmpty()) {
            Thread.sleep(20);
        }

        job.process().toHandle().destroy();

        assertThat(job.await()).as(job.said()).isEqualTo(143);
        assertThat(job.said())
                .contains(String.format(
                        Locale.ROOT,
                        "\nstopped by a signal: continue this run with --resume; its checkpoints are in file:%s/checkpoints\n",
                        folder.resolve("stopped")))
                .doesNotContain("ERROR", "WARN", "\tat ");
        assertThat(folder.resolve("stopped/running.json")).doesNotExist();
        assertThat(Status.of(
                        new org.apache.hadoop.fs.Path(folder.resolve("stopped").toUri()), new Configuration()))
                .contains("state       stopped; the same command with --resume goes on\n")
                .endsWith("result      stopped by a signal");
    }

    /** The command for a small disk, where this system lets a test have one. */
    private static String mount(String size, Path disk) throws Exception {
        String mount = "mount -t tmpfs -o size=" + size + " tmpfs '" + disk + "'";
        assumeThat(new ProcessBuilder("unshare", "--map-root-user", "--mount", "sh", "-c", mount)
                        .start()
                        .waitFor())
                .as("this system lets a test mount a small disk")
                .isZero();
        return mount;
    }

    private void assertSameAsUndisturbed(String run) throws IOException {
        for (String file : List.of("model/weights.safetensors", "metrics.csv")) {
            assertThat(withoutTimes(file, run)).as(file).isEqualTo(withoutTimes(file, "undisturbed"));
        }
    }

    /** A file's content; of metrics.csv without the columns that measure time. */
    private String withoutTimes(String file, String run) throws IOException {
        byte[] bytes = Files.readAllBytes(folder.resolve(run).resolve(file));
        String content = new String(bytes, StandardCharsets.ISO_8859_1);
        return file.endsWith(".csv") ? TestMetrics.withoutTimes(content) : content;
    }

    /** The markers, from the oldest to the newest. */
    private List<Path> checkpoints(String run) throws IOException {
        Path checkpoints = folder.resolve(run).resolve("checkpoints");
        if (!Files.exists(checkpoints)) {
            return List.of();
        }
        try (Stream<Path> files = Files.list(checkpoints)) {
            return files.filter(file -> file.getFileName().toString().matches("\\d+\\.json"))
                    .sorted()
                    .toList();
        }
    }

    private static long iterations(Path marker) {
        return Long.parseLong(marker.getFileName().toString().replace(".json", ""));
    }

    /** In the middle of the checkpoint's first file. */
    private static void flipAByte(Path marker) throws IOException {
        String name = marker.getFileName().toString().replace(".json", "");
        try (Stream<Path> files = Files.walk(marker.getParent())) {
            Path file = files.filter(
                            path -> path.getParent().getFileName().toString().startsWith(name))
                    .filter(path -> path.toString().endsWith("rank-0.safetensors"))
                    .findFirst()
                    .orElseThrow();
            byte[] content = Files.readAllBytes(file);
            content[content.length / 2] ^= 1;
            Files.write(file, content);
        }
    }
}
