package org.sftn.job;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.sftn.conf.Json;
import org.sftn.study.Cell;
import org.sftn.study.CurvePoint;
import org.sftn.study.StudyResult;

class StudyJobTest {
    @TempDir
    static Path folder;

    private static Path data;
    private static Path config;
    private static Path whole;

    @BeforeAll
    static void runUndisturbed() throws IOException {
        data = Fixture.images().folder();
        whole = folder.resolve("whole");
        config = folder.resolve("study.conf");
        Files.writeString(config, """
                study {
                  title = "A trial"
                  pairs = ["resnet14 resnet8"]
                  teachers { standard { teacher.student = "" }, friendly {} }
                  methods = [none, kd]
                  seeds = [1]
                }
                """);
        Ran undisturbed = study(whole);
        assertThat(undisturbed.code()).as(undisturbed.err()).isZero();
        assertThat(undisturbed.out()).contains("\nstudy done: 3 students, in ");
    }

    @Test
    void aStudyThatIsKilledAndResumedGivesTheSameTable() throws Exception {
        Path out = folder.resolve("killed");
        List<String> arguments = new ArrayList<>(List.of("study"));
        arguments.addAll(options());
        arguments.add("--overwrite");
        Path log = folder.resolve("killed.log");
        boolean killed;
        do {
            Files.deleteIfExists(log);
            killed = JobProcess.start(arguments, out, log)
                    .killWhen(() -> Files.readString(log).contains("run 4 of 5: "));
        } while (!killed || Files.exists(out.resolve("students/resnet14-resnet8/standard/kd/seed-1/result.json")));
        assertThat(Ran.of("status", out.toString()).out())
                .contains("stopped without a word")
                .contains("trainings   3 done, 0 running\n");

        Ran resumed = study(out, "--resume");

        assertThat(resumed.code()).as(resumed.err()).isZero();
        assertThat(withoutTimes(out)).isEqualTo(withoutTimes(whole));
        assertThat(Ran.of("status", out.toString()).out()).contains("trainings   5 done, 0 running\n");
    }

    @Test
    void whatIsNotPossibleIsReportedAndDoneOnceItIs() throws IOException {
        Path resumed = folder.resolve("resumed");
        Path blocked = resumed.resolve("students/resnet14-resnet8/friendly/kd/seed-1");

        // The first student alone: what there is of a study that is stopped on its way.
        Ran half = study(resumed, "--set", "study.methods=[none]");
        Files.createDirectories(blocked);
        Files.writeString(blocked.resolve("somebody's.txt"), "not a run");
        Ran disturbed = study(resumed, "--resume");

        assertThat(half.code()).as(half.err()).isZero();
        assertThat(disturbed.code()).as(disturbed.err()).isZero();
        assertThat(disturbed.out()).contains("\nstudy done: 2 students, 1 were not possible, in ");
        assertThat(disturbed.err())
                .contains("not possible: resnet14-resnet8/friendly/kd/seed-1: --out ")
                .contains("holds other files (somebody's.txt)");
        assertThat(result(resumed).cells())
                .filteredOn(cell -> cell.state() == Cell.State.REFUSED)
                .hasSize(1);

        Files.delete(blocked.resolve("somebody's.txt"));
        Ran again = study(resumed, "--resume");

        assertThat(again.out()).contains("\nstudy done: 3 students, in ");
        assertThat(withoutTimes(resumed)).isEqualTo(withoutTimes(whole));
    }

    @Test
    void aStudyThatGoesOnWithAnotherVersionNamesBoth() throws IOException {
        Path out = folder.resolve("versions");
        assertThat(study(out, "--set", "study.methods=[none]").code()).isZero();
        Path trained = out.resolve("students/resnet8/none/seed-1/result.json");
        String version = result(out).codeVersions().get(0);
        Files.writeString(trained, Files.readString(trained).replace(version, "0.0.9"));
        Files.delete(trained.resolveSibling(".result.json.crc"));

        Ran resumed = study(out, "--resume");

        assertThat(resumed.code()).as(resumed.err()).isZero();
        assertThat(result(out).codeVersions()).containsExactlyInAnyOrder("0.0.9", version);
        assertThat(out.resolve("report.md")).content().contains("- Code version: 0.0.9, " + version + "\n");
    }

    @Test
    void aRunThatFailedIsReportedAndTriedAgain() throws IOException {
        Path out = folder.resolve("failed");
        Path evaluation = out.resolve("evaluations/students/resnet8/none/seed-1");
        assertThat(study(out, "--set", "study.methods=[none]").code()).isZero();
        Files.delete(evaluation.resolve("result.json"));
        Files.delete(evaluation.resolve("confusion.csv"));
        Files.createDirectories(evaluation.resolve("confusion.csv/in-the-way"));

        Ran failed = study(out, "--resume");

        assertThat(failed.code()).as(failed.err()).isEqualTo(3);
        assertThat(failed.err())
                .contains("error: study failed: 1 of 3 students have failed, the first is resnet8/none/seed-1: ")
                .contains("confusion.csv");
        assertThat(result(out).cells())
                .extracting(Cell::state)
                .containsExactly(Cell.State.FAILED, Cell.State.DONE, Cell.State.DONE);

        Files.delete(evaluation.resolve("confusion.csv/in-the-way"));
        Files.delete(evaluation.resolve("confusion.csv"));
        Ran again = study(out, "--resume");

        assertThat(again.code()).as(again.err()).isZero();
        assertThat(withoutTimes(out)).isEqualTo(withoutTimes(whole));
    }

    @Test
    void aStudyLeavesItsRunsATableAndAReport() throws IOException {
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
        assertThat(ran.out()).contains("\nstudy done: 2 students, in ");
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

    @Test
    void aModelOfOtherClassesToStartFromIsRefusedBeforeAnyRun() throws IOException {
        Path out = folder.resolve("other-classes");
        Path model = Files.createDirectory(folder.resolve("other-model"));
        Path its = whole.resolve("teachers/resnet14/standard/seed-1/model");
        Files.copy(its.resolve("weights.safetensors"), model.resolve("weights.safetensors"));
        ObjectNode description = (ObjectNode) json(its.resolve("model.json"));
        description.putArray("class_names").add("a").add("b").add("c").add("d");
        Files.writeString(model.resolve("model.json"), description.toString());

        Ran dry = study(out, "--dry-run", "--set", "study.teachers.standard.teacher.start-from=" + model);

        assertThat(dry.code()).isEqualTo(2);
        assertThat(dry.err())
                .startsWith("error: label 0 is '")
                .contains(" in the data set " + data + " (data.path) and 'a' in the model " + model
                        + " (teacher.start-from): ")
                .hasLineCount(1);
        assertThat(out).doesNotExist();
    }

    private static Ran study(Path out, String... more) {
        List<String> arguments = new ArrayList<>(List.of("study", "--out", out.toString()));
        arguments.addAll(options());
        arguments.addAll(List.of(more));
        return Ran.of(arguments.toArray(String[]::new));
    }

    private static List<String> options() {
        return List.of(
                "--config=" + config,
                "--set=data.path=" + data,
                "--set=training.epochs=2",
                "--set=training.global-batch=16");
    }

    /** Cells with all that does not depend on the machine's speed. */
    private static List<Cell> withoutTimes(Path out) throws IOException {
        return result(out).cells().stream()
                .map(cell -> new Cell(
                        cell.name(),
                        cell.teacherRun(),
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
        return Json.OPEN.readValue(out.resolve("study.json").toFile(), StudyResult.class);
    }

    private static JsonNode json(Path file) throws IOException {
        return Json.OPEN.readTree(file.toFile());
    }
}
