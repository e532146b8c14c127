package org.sftn.job;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.sftn.ObjectStore;

/** The whole way where renaming fails and files are there when they are closed: the same bytes as on a local disk. */
class ObjectStoreTest {
    @TempDir
    private Path folder;

    @Test
    void theWholeWayGivesTheBytesOfALocalDisk() throws IOException {
        for (String scheme : List.of("file", ObjectStore.SCHEME)) {
            run(
                    scheme,
                    "prepare",
                    "data",
                    "prepare.generated.classes=4",
                    "prepare.generated.train-images=48",
                    "prepare.generated.test-images=20",
                    "prepare.image-size=16",
                    "prepare.shard-size=10KiB");
            List<String> teaching = new ArrayList<>(Fixture.teaching());
            teaching.add("data.path=" + at(scheme, "data"));
            run(scheme, "teacher", "teacher", teaching.toArray(String[]::new));
            run(
                    scheme,
                    "distill",
                    "student",
                    "data.path=" + at(scheme, "data"),
                    "distill.teacher=" + at(scheme, "teacher/model"),
                    "distill.student=resnet8",
                    "training.epochs=2",
                    "training.global-batch=16");
            run(
                    scheme,
                    "evaluate",
                    "evaluation",
                    "data.path=" + at(scheme, "data"),
                    "evaluate.model=" + at(scheme, "student/model"),
                    "evaluate.predictions=true");
            succeed(Ran.of(
                    "export",
                    "--format",
                    "safetensors",
                    "--model",
                    at(scheme, "student/model"),
                    "--out",
                    at(scheme, "student.safetensors")));
            assertThat(succeed(Ran.of("status", at(scheme, "teacher"))).out()).contains("state       done");
        }

        TreeMap<String, byte[]> store = files(ObjectStore.SCHEME);
        TreeMap<String, byte[]> disk = files("file");
        assertThat(store.keySet()).isEqualTo(disk.keySet());
        for (String same : disk.keySet()) {
            if (same.matches("data/(manifest.json|.*parquet)|.*safetensors|.*predictions.csv")) {
                assertThat(store.get(same)).as(same).isEqualTo(disk.get(same));
            }
        }
        assertThat(disk.keySet()).anyMatch(name -> name.matches("data/train/part-\\d+.parquet"));
    }

    private String at(String scheme, String name) {
        return scheme + ":" + folder.resolve(scheme).resolve(name);
    }

    private void run(String scheme, String job, String out, String... settings) {
        List<String> arguments = new ArrayList<>(List.of(job, "--out", at(scheme, out)));
        for (String setting : settings) {
            arguments.addAll(List.of("--set", setting));
        }
        succeed(Ran.of(arguments.toArray(String[]::new)));
    }

    private static Ran succeed(Ran ran) {
        assertThat(ran.code()).as(ran.err()).isZero();
        return ran;
    }

    /** But for names that hold times or random numbers. */
    private TreeMap<String, byte[]> files(String scheme) throws IOException {
        TreeMap<String, byte[]> files = new TreeMap<>();
        Path root = folder.resolve(scheme);
        try (Stream<Path> all = Files.walk(root)) {
            for (Path path : all.filter(Files::isRegularFile).toList()) {
                String name = root.relativize(path).toString();
                if (!path.getFileName().toString().startsWith(".")
                        && !name.matches(".*/(tensorboard|checkpoints)/.*")) {
                    files.put(name, Files.readAllBytes(path));
                }
            }
        }
        return files;
    }
}
