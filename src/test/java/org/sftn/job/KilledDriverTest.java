package org.sftn.job;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Jobs in processes of their own, one of which is killed. */
@Timeout(240)
class KilledDriverTest {
    @TempDir
    private Path folder;

    @Test
    void aRunThatIsKilledAndResumedEndsWithTheSameBits() throws Exception {
        List<String> prepare = List.of(
                "prepare",
                "--set=prepare.generated.classes=3",
                "--set=prepare.generated.train-images=500",
                "--set=prepare.generated.test-images=20",
                "--set=prepare.image-size=16");
        assertThat(start(prepare, "data").waitFor()).as(log("data")).isZero();
        // 2 epochs of 63 iterations, the last of an epoch with 4 images.
        List<String> teacher = List.of(
                "teacher",
                "--set=data.path=" + folder.resolve("data"),
                "--set=teacher.network=resnet8",
                "--set=teacher.student=resnet8",
                "--set=training.epochs=2",
                "--set=training.global-batch=8",
                "--set=training.checkpoint-iterations=7");
        assertThat(start(teacher, "undisturbed").waitFor())
                .as(log("undisturbed"))
                .isZero();

        Process killed = start(teacher, "killed");
        while (checkpoints("killed") < 2 && killed.isAlive()) {
            Thread.sleep(5);
        }
        killed.destroyForcibly().waitFor();
        assertThat(Files.exists(folder.resolve("killed/result.json")))
                .as("the run was over before it was killed")
                .isFalse();

        List<String> resume =
                Stream.concat(teacher.stream(), Stream.of("--resume")).collect(Collectors.toList());
        assertThat(start(resume, "killed").waitFor()).as(log("killed")).isZero();
        assertThat(log("killed")).containsPattern("continuing after iteration \\d+");
        for (String file : List.of("model/weights.safetensors", "metrics.csv")) {
            assertThat(withoutTimes(file, "killed")).as(file).isEqualTo(withoutTimes(file, "undisturbed"));
        }
    }

    /** A file's content; of metrics.csv without the two columns that measure time. */
    private String withoutTimes(String file, String run) throws IOException {
        byte[] bytes = Files.readAllBytes(folder.resolve(run).resolve(file));
        String content = new String(bytes, StandardCharsets.ISO_8859_1);
        return file.endsWith(".csv") ? content.replaceAll("(?m),[^,]*,[^,]*$", "") : content;
    }

    private int checkpoints(String run) throws IOException {
        Path checkpoints = folder.resolve(run).resolve("checkpoints");
        if (!Files.exists(checkpoints)) {
            return 0;
        }
        try (Stream<Path> files = Files.list(checkpoints)) {
            return (int) files.filter(file -> file.toString().endsWith(".json")).count();
        }
    }

    private Process start(List<String> job, String out) throws IOException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
                .filter(argument -> argument.startsWith("--add-opens"))
                .forEach(command::add);
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
        command.add("--out=" + folder.resolve(out));
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(
                        folder.resolve(out + ".log").toFile()))
                .start();
        // Also when this JVM ends, or the test fails.
        Thread end = new Thread(process::destroyForcibly);
        Runtime.getRuntime().addShutdownHook(end);
        var unused = process.onExit()
                .orTimeout(200, TimeUnit.SECONDS)
                .whenComplete((done, late) -> process.destroyForcibly());
        return process;
    }

    private String log(String out) throws IOException {
        return Files.readString(folder.resolve(out + ".log"));
    }
}
