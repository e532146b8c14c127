package org.sftn.job;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.sftn.study.Cell;
import org.sftn.study.CurvePoint;
import org.sftn.study.StudyResult;

class StudyJobTest {
    @TempDir
    static Path folder;

    private static Path data;

    @BeforeAll
    static void prepare() {
        data = folder.resolve("data");
        Ran ran = run(
                "prepare",
                data,
                List.of(),
                "prepare.generated.classes=4",
                "prepare.generated.train-images=48",
                "prepare.generated.test-images=20",
                "prepare.image-size=16");
        assertThat(ran.code()).as(ran.err()).isZero();
    }

    @Test
    void aResumedStudyGivesTheSameTableAsAnUndisturbedOne() throws IOException {
        Path whole = folder.resolve("whole");
        Path resumed = folder.resolve("resumed");
        Path blocked = resumed.resolve("students/resnet14-resnet8/friendly/kd/seed-1");

        Ran undisturbed = study(whole);
        // The first student alone: what there is of a study that is stopped on its way.
        Ran half = study(resumed, "--set", "study.methods=[none]");
        Files.createDirectories(blocked);
        Files.writeString(blocked.resolve("somebody's.txt"), "not a run");
        Ran disturbed = study(resumed, "--resume");

        assertThat(undisturbed.code()).as(undisturbed.err()).isZero();
        assertThat(half.code()).as(half.err()).isZero();
        assertThat(undisturbed.out()).startsWith("study done: 3 students, in ");
        assertThat(disturbed.code()).as(disturbed.err()).isZero();
        assertThat(disturbed.out()).startsWith("study done: 2 students, 1 were not possible, in ");
        assertThat(disturbed.err())
                .contains("not possible: resnet14-resnet8/friendly/kd/seed-1: --out ")
                .contains("holds other files (somebody's.txt)");
        assertThat(result(resumed).cells())
                .filteredOn(cell -> cell.state() == Cell.State.REFUSED)
                .hasSize(1);

        Files.delete(blocked.resolve("somebody's.txt"));
        Ran again = study(resumed, "--resume");

        assertThat(again.out()).startsWith("study done: 3 students, in ");
        assertThat(withoutTimes(resumed)).isEqualTo(withoutTimes(whole));
        StudyResult result = result(whole);
        assertThat(result.teachers()).containsExactly("standard", "friendly");
        assertThat(result.trainImages()).isEqualTo(48);
        assertThat(result.cells()).allSatisfy(cell -> {
            assertThat(cell.student().top1()).isBetween(0.0, 1.0);
            assertThat(cell.curve()).hasSize(2);
            assertThat(cell.curve().get(1).testTop1()).isEqualTo(cell.student().top1());
            assertThat(cell.studentCoreHours()).isPositive();
            assertThat(cell.similarity() == null).isEqualTo(cell.method().equals("none"));
        });
        assertThat(whole.resolve("report.html"))
                .content()
                .contains("<h1>A trial</h1>", "resnet14 → resnet8", "friendly over standard");
        assertThat(whole.resolve("report.csv")).content().hasLineCount(1 + 3);
        assertThat(json(whole.resolve("result.json")).get("status").asText()).isEqualTo("done");
        assertThat(whole.resolve("teachers/resnet14/standard/seed-1/model")).isDirectory();
        assertThat(whole.resolve("teachers/resnet14-for-resnet8/friendly/seed-1/model"))
                .isDirectory();
    }

    @Test
    void severalRunsShareTheCores() throws IOException {
        Path out = folder.resolve("packed");

        Ran ran = study(out, "--set", "study.methods=[kd]", "--set", "study.concurrent-runs=2");

        assertThat(ran.code()).as(ran.err()).isZero();
        assertThat(ran.out()).startsWith("study done: 2 students, in ");
        assertThat(ran.err())
                .contains("run 4 of 4: ")
                .contains("teachers/resnet14/standard/seed-1: epoch 2/2")
                .contains("students/resnet14-resnet8/friendly/kd/seed-1: epoch 2/2");
        assertThat(result(out).cells())
                .allSatisfy(cell -> assertThat(cell.state()).isEqualTo(Cell.State.DONE));
    }

    @Test
    void aDryRunNamesAllRunsAndAMisspeltNetworkIsSaidAtOnce() {
        Path out = folder.resolve("dry");

        Ran dry = study(out, "--dry-run");
        Ran misspelt = study(out, "--set", "study.pairs=[\"resnet14 resnet9\"]");

        assertThat(dry.out())
                .contains("2 teachers, 3 students")
                .contains("Teacher   resnet14/standard/seed-1")
                .contains("Student   resnet8/none/seed-1");
        assertThat(misspelt.code()).isEqualTo(2);
        assertThat(misspelt.err()).contains("resnet9");
        assertThat(out).doesNotExist();
    }

    private static Ran study(Path out, String... options) {
        Path config = folder.resolve("study.conf");
        try {
            Files.writeString(config, """
                    study {
                      title = "A trial"
                      pairs = ["resnet14 resnet8"]
                      teachers { standard { teacher.student = "" }, friendly {} }
                      methods = [none, kd]
                      seeds = [1]
                    }
                    """);
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
        List<String> all = new ArrayList<>(List.of("--config", config.toString()));
        all.addAll(List.of(options));
        return run("study", out, all, "data.path=" + data, "training.epochs=2", "training.global-batch=16");
    }

    /** Cells with all that does not depend on the machine's speed. */
    private static List<Cell> withoutTimes(Path out) throws IOException {
        return result(out).cells().stream()
                .map(cell -> new Cell(
                        cell.name(),
                        cell.networks(),
                        cell.teacher(),
                        cell.method(),
                        cell.varied(),
                        cell.seed(),
                        cell.state(),
                        cell.message(),
                        cell.student(),
                        cell.teacherScores(),
                        cell.similarity(),
                        cell.curve().stream()
                                .map(point -> new CurvePoint(point.epoch(), 0, point.trainLoss(), point.testTop1()))
                                .toList(),
                        0,
                        0))
                .toList();
    }

    private static StudyResult result(Path out) throws IOException {
        return RunFolder.JSON.readValue(out.resolve("study.json").toFile(), StudyResult.class);
    }

    private static JsonNode json(Path file) throws IOException {
        return RunFolder.JSON.readTree(file.toFile());
    }

    private static Ran run(String job, Path out, List<String> options, String... settings) {
        List<String> arguments = new ArrayList<>(List.of(job, "--out", out.toString()));
        for (String setting : settings) {
            arguments.addAll(List.of("--set", setting));
        }
        arguments.addAll(options);
        return Ran.of(arguments.toArray(String[]::new));
    }
}
