package org.sftn.job;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.sftn.distill.method.MethodTable;

/** Every method as a job: train, save, evaluate, and go on after being stopped in the middle of each stage. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class MethodJobsTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String CHECKPOINTS = "checkpoints";

    private Path folder;
    private Path data;
    private Path wideTeacher;
    private Path narrowTeacher;

    @BeforeAll
    void prepare(@TempDir Path temporary) {
        folder = temporary;
        data = Fixture.images().folder();
        wideTeacher = teacher("resnet8x4");
        narrowTeacher = teacher("resnet14");
    }

    private Path teacher(String network) {
        Path out = folder.resolve(network);
        run(
                "teacher",
                out,
                Map.of(
                        "data.path", data.toString(),
                        "teacher.network", network,
                        "teacher.student", "",
                        "training.epochs", "1",
                        "training.global-batch", "16"));
        return out.resolve("model");
    }

    @ParameterizedTest
    @MethodSource("org.sftn.distill.method.MethodTable#rows")
    void aMethodTrainsSavesAndGoesOnAfterAStop(MethodTable.Row row) throws IOException {
        String name = row.method() + row.settings().hashCode();
        Path whole = folder.resolve("whole-" + name);
        distill(row, whole);
        String model = model(whole);
        Path evaluated = folder.resolve("evaluated-" + name);
        run(
                "evaluate",
                evaluated,
                Map.of(
                        "data.path", data.toString(),
                        "evaluate.model", whole.resolve("model").toString()));
        assertThat(result(evaluated, "top1")).isEqualTo(result(whole, "top1"));

        Path stopped = copy(whole, "stopped-" + name);
        forget(stopped, true);
        distill(row, stopped, "--resume");
        assertThat(model(stopped)).as("after a stop in training").isEqualTo(model);

        if (Files.exists(whole.resolve("preliminary"))) {
            Path earlier = copy(whole, "earlier-" + name);
            forget(earlier, false);
            forget(earlier.resolve("preliminary"), true);
            distill(row, earlier, "--resume");
            assertThat(model(earlier))
                    .as("after a stop in the preliminary stage")
                    .isEqualTo(model);
        }
    }

    @Test
    void whatRemembersImagesCannotGoOnWithFewerExecutors() {
        Ran ran = Ran.of(
                "distill",
                "--dry-run",
                "--out=" + folder.resolve("crd"),
                "--set=data.path=" + data,
                "--set=distill.teacher=" + wideTeacher,
                "--set=distill.student=resnet8",
                "--set=distill.method=crd",
                "--set=training.executors=2",
                "--set=training.min-executors=1");

        assertThat(ran.err())
                .isEqualTo(
                        "error: training.min-executors is 1, but crd remembers something of each executor's images, so the run cannot go on with fewer than training.executors, 2; set it to 0\n");
        assertThat(ran.code()).isEqualTo(2);
    }

    private void distill(MethodTable.Row row, Path out, String... options) {
        Map<String, String> settings = new TreeMap<>(row.settings());
        settings.put("data.path", data.toString());
        settings.put("distill.method", row.method());
        settings.put("distill.teacher", (row.equalWidths() ? narrowTeacher : wideTeacher).toString());
        settings.put("distill.student", "resnet8");
        settings.put("training.epochs", "2");
        settings.put("training.global-batch", "16");
        settings.put("training.learning-rate", "0.01");
        settings.put("training.checkpoint-iterations", "1");
        settings.put("training.keep-checkpoints", "10");
        run("distill", out, settings, options);
    }

    /** As if the run had been killed: without its end, and with the first half of its checkpoints or none. */
    private static void forget(Path out, boolean half) throws IOException {
        Files.deleteIfExists(out.resolve("result.json"));
        delete(out.resolve("model"));
        List<Path> checkpoints;
        try (Stream<Path> files = Files.list(out.resolve(CHECKPOINTS))) {
            checkpoints = files.sorted().toList();
        }
        for (Path each : checkpoints.subList(half ? checkpoints.size() / 2 : 0, checkpoints.size())) {
            delete(each);
        }
        if (half) {
            assertThat(checkpoints).as("checkpoints of %s", out).hasSizeGreaterThan(2);
        }
    }

    private static String model(Path out) throws IOException {
        return result(out, "model");
    }

    private static String result(Path out, String key) throws IOException {
        return JSON.readTree(out.resolve("result.json").toFile()).get(key).asText();
    }

    private static void run(String job, Path out, Map<String, String> settings, String... options) {
        List<String> arguments = new ArrayList<>(List.of(job, "--out", out.toString()));
        settings.forEach((key, value) -> arguments.addAll(List.of("--set", key + "=" + value)));
        arguments.addAll(List.of(options));
        Ran ran = Ran.of(arguments.toArray(String[]::new));
        assertThat(ran.code()).as(ran.err()).isZero();
    }

    private Path copy(Path from, String name) throws IOException {
        Path to = folder.resolve(name);
        try (Stream<Path> files = Files.walk(from)) {
            for (Path each : files.toList()) {
                Files.copy(each, to.resolve(from.relativize(each).toString()));
            }
        }
        return to;
    }

    private static void delete(Path path) throws IOException {
        if (!Files.exists(path)) {
            return;
        }
        try (Stream<Path> files = Files.walk(path)) {
            for (Path each : files.sorted((a, b) -> b.compareTo(a)).toList()) {
                Files.delete(each);
            }
        }
    }
}
