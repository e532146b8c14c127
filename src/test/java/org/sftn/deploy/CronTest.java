package org.sftn.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.sftn.TestJvm;

/** {@code deploy/cron/nightly.sh} in a project's folder of its own. */
class CronTest {
    /** Notes its call, does what a file beside it says, and ends as a job does. */
    private static final String STAND_IN = """
            #!/usr/bin/env bash
            name=$(basename "$0" .sh)
            echo "$name $*" >> "$(dirname "$0")/calls"
            echo "$name is at work"
            if [[ -f "$0.does" ]]; then source "$0.does"; fi
            echo "$name done: top-1 12.50 %, top-5 50.00 %"
            """;

    @TempDir
    private Path folder;

    private Path project;
    private Path root;
    private Path settings;

    @BeforeEach
    void project() throws IOException {
        project = folder.resolve("project");
        root = folder.resolve("nights");
        Files.createDirectories(project.resolve("deploy/cron"));
        Files.createDirectories(project.resolve("jobs"));
        Files.copy(Path.of("deploy/cron/nightly.sh"), project.resolve("deploy/cron/nightly.sh"));
        for (String job : List.of("prepare", "teacher", "distill", "evaluate", "predict")) {
            Path script = Files.writeString(project.resolve("jobs/" + job + ".sh"), STAND_IN);
            assertThat(script.toFile().setExecutable(true)).isTrue();
        }
        settings = settings("METHODS=(kd dkd)\nTEACHER=(--config 'my teacher.conf')\nSPARK=(--master 'local[2]')\n");
    }

    private Path settings(String more) throws IOException {
        return Files.writeString(folder.resolve("nightly.conf"), "ROOT=" + root + "\n" + more);
    }

    private void does(String job, String script) throws IOException {
        Files.writeString(project.resolve("jobs/" + job + ".sh.does"), script);
    }

    private List<String> calls() throws IOException {
        Path calls = project.resolve("jobs/calls");
        return Files.exists(calls) ? Files.readAllLines(calls) : List.of();
    }

    private Ran nightly(String... options) throws IOException, InterruptedException {
        return start(options).await();
    }

    private Ran.Running start(String... options) throws IOException {
        List<String> command = new ArrayList<>();
        command.add(project.resolve("deploy/cron/nightly.sh").toString());
        command.addAll(List.of(options));
        command.add(settings.toString());
        // As cron starts it.
        List<String> clean = new ArrayList<>(List.of("env", "-i", "HOME=/", "SHELL=/bin/sh", "PATH=/usr/bin:/bin"));
        clean.addAll(command);
        return Ran.start(clean, Map.of());
    }

    private Path log(String date) {
        return root.resolve("logs/nightly-" + date + ".log");
    }

    @Test
    void aNightIsOneLine() throws Exception {
        Ran ran = nightly("--date", "2026-01-02");

        assertThat(ran.err()).isEmpty();
        assertThat(ran.out())
                .matches(String.format(
                        Locale.ROOT,
                        "nightly 2026-01-02: done in \\d+ s, kd top-1 12\\.50 %%, dkd top-1 12\\.50 %%; log \\Q%s\\E\n",
                        log("2026-01-02")));
        assertThat(ran.code()).isZero();
        String date = root.resolve("2026-01-02").toString();
        String spark = " --resume -- --master local[2]";
        String data = " --set data.path=" + date + "/data";
        assertThat(calls())
                .containsExactly(
                        "prepare --out " + date + "/data" + spark,
                        "teacher --config my teacher.conf" + data + " --out " + date + "/teacher" + spark,
                        "distill" + data + " --set distill.method=kd --set distill.teacher=" + date
                                + "/teacher/model --out " + date + "/student-kd" + spark,
                        "evaluate" + data + " --set evaluate.model=" + date + "/student-kd/model --out " + date
                                + "/evaluation-kd" + spark,
                        "distill" + data + " --set distill.method=dkd --set distill.teacher=" + date
                                + "/teacher/model --out " + date + "/student-dkd" + spark,
                        "evaluate" + data + " --set evaluate.model=" + date + "/student-dkd/model --out " + date
                                + "/evaluation-dkd" + spark);
        assertThat(Files.readString(log("2026-01-02")))
                .containsPattern("""
                        == 20\\d\\d-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d teacher
                        'jobs/teacher.sh' '--config' 'my teacher.conf' .*
                        teacher is at work
                        """)
                .containsPattern("== .* evaluate dkd: exit code 0\n$");
        assertThat(unfinished()).isEmpty();
    }

    @Test
    void studentsLabelWhatThereIsToLabel() throws Exception {
        settings("METHODS=(kd dkd)\nPREDICT=(--set predict.csv=true)\nPREDICT_INPUT=/photos/DATE\n");
        does("predict", "if [[ $* == *student-kd* ]]; then exit 3; fi");

        Ran ran = nightly("--date", "2026-01-02");

        String date = root.resolve("2026-01-02").toString();
        assertThat(calls().stream().filter(call -> call.startsWith("predict")))
                .containsExactly(
                        "predict --set predict.csv=true --set predict.model=" + date
                                + "/student-kd/model --set predict.input=/photos/2026-01-02 --out " + date
                                + "/labels-kd --resume",
                        "predict --set predict.csv=true --set predict.model=" + date
                                + "/student-dkd/model --set predict.input=/photos/2026-01-02 --out " + date
                                + "/labels-dkd --resume");
        assertThat(ran.code()).isEqualTo(3);
        assertThat(ran.err()).contains("nightly 2026-01-02: predict by kd failed, exit code 3: ");
    }

    @Test
    void aLinkToTheScriptIsFollowed() throws Exception {
        Path link = Files.createSymbolicLink(folder.resolve("nightly"), project.resolve("deploy/cron/nightly.sh"));
        Path file = Files.createSymbolicLink(folder.resolve("link.conf"), settings);

        Ran ran = Ran.of(List.of(link.toString(), "--date", "2026-01-02", file.toString()), Map.of());

        assertThat(ran.code()).as(ran.text()).isZero();
        assertThat(calls()).hasSize(6);
    }

    @Test
    void oneDataSetMayServeAllDates() throws Exception {
        settings("DATA=/images\n");

        assertThat(nightly().code()).isZero();

        assertThat(calls()).first().isEqualTo("prepare --out /images --resume");
        assertThat(calls()).hasSize(4).last().asString().contains("--set data.path=/images");
    }

    @Test
    void aFailureIsToldWithItsLog() throws Exception {
        does("distill", "[[ $* == *=dkd* ]] || { seq 30; echo 'error: no executor'; exit 3; }");

        Ran ran = nightly("--date", "2026-01-02");

        assertThat(ran.code()).isEqualTo(3);
        assertThat(ran.out()).isEmpty();
        String date = root.resolve("2026-01-02").toString();
        StringBuilder end = new StringBuilder();
        for (int line = 12; line <= 30; line++) {
            end.append("  ").append(line).append('\n');
        }
        assertThat(ran.err())
                .isEqualTo(String.format(Locale.ROOT, """
                nightly 2026-01-02: distill by kd failed, exit code 3: a failure of the program or the cluster
                command: 'jobs/distill.sh' '--set' 'data.path=%1$s/data' '--set' 'distill.method=kd' '--set' 'distill.teacher=%1$s/teacher/model' '--out' '%1$s/student-kd' '--resume' '--' '--master' 'local[2]'
                log: %2$s, which ends with:
                %3$s  error: no executor
                to go on: %4$s/deploy/cron/nightly.sh --date 2026-01-02 %5$s
                """, date, log("2026-01-02"), end, project, settings));
        assertThat(calls().stream().map(call -> call.split(" ")[0]))
                .as("the other method is not stopped by it")
                .containsExactly("prepare", "teacher", "distill", "distill", "evaluate");
        assertThat(unfinished()).containsExactly("2026-01-02");
    }

    @Test
    void whatWasLeftUnfinishedIsContinuedTheNextNight() throws Exception {
        does("teacher", "exit 3");
        assertThat(nightly("--date", "2026-01-02").code()).isEqualTo(3);
        assertThat(nightly("--date", "2026-01-01").code()).isEqualTo(3);
        Files.delete(project.resolve("jobs/teacher.sh.does"));

        String today = LocalDate.now(ZoneId.systemDefault()).toString();
        Ran ran = nightly();

        assertThat(ran.code()).isZero();
        assertThat(ran.out().lines().map(line -> line.split(":")[0]))
                .as("the last one, and tonight's")
                .containsExactly("nightly 2026-01-02", "nightly " + today);
        assertThat(unfinished()).containsExactly("2026-01-01");
    }

    @Test
    void aMistakeWaitsForAPerson() throws Exception {
        does("prepare", "echo \"error: unknown key 'seeed'\" >&2; exit 2");

        Ran ran = nightly("--date", "2026-01-02");

        assertThat(ran.code()).isEqualTo(2);
        assertThat(ran.err())
                .startsWith(
                        "nightly 2026-01-02: prepare failed, exit code 2: a mistake in settings, data or paths\ncommand: ")
                .contains("\n  prepare is at work\n  error: unknown key 'seeed'\n");
        assertThat(calls()).hasSize(1);
        assertThat(unfinished()).isEmpty();
    }

    @Test
    void runsNeverOverlap() throws Exception {
        Path started = folder.resolve("started");
        Path go = folder.resolve("go");
        does(
                "teacher",
                String.format(
                        Locale.ROOT,
                        "touch '%s'; for i in {1..9000}; do [[ -e '%s' ]] && break; sleep 0.1; done",
                        started,
                        go));
        Ran.Running first = start("--date", "2026-01-02");
        await(started);

        Ran second = nightly();

        assertThat(second.code()).isEqualTo(75);
        assertThat(second.out()).isEmpty();
        assertThat(second.err())
                .matches(String.format(
                        Locale.ROOT,
                        "nightly: nothing was started: another run is at work \\(process %d on \\S+: teacher of 2026-01-02,"
                                + " process \\d+, since .*\\); it holds \\Q%s/nightly.lock\\E\n",
                        first.process().pid(),
                        root));

        // A job that outlives its script keeps the lock.
        first.process().destroyForcibly().waitFor();
        assertThat(nightly().code()).isEqualTo(75);
        Files.createFile(go);
        Ran third = nightly("--date", "2026-01-03");
        while (third.code() == 75) {
            Thread.sleep(100);
            third = nightly("--date", "2026-01-03");
        }
        assertThat(third.code()).as(third.text()).isZero();
        assertThat(unfinished()).containsExactly("2026-01-02");
    }

    @Test
    void aSignalEndsTheJobToo() throws Exception {
        Path started = folder.resolve("started");
        // As a JVM: it ends a while after the signal.
        does(
                "teacher",
                String.format(
                        Locale.ROOT,
                        "trap 'sleep 0.3; echo stopped by a signal: continue with --resume; exit 143' TERM; touch '%s'; for i in {1..9000}; do sleep 0.1; done",
                        started));
        Ran.Running running = start("--date", "2026-01-02");
        await(started);

        running.process().toHandle().destroy();

        Ran ran = running.await();
        assertThat(ran.code()).isEqualTo(143);
        assertThat(ran.err())
                .startsWith("nightly 2026-01-02: teacher failed, exit code 143: stopped by a signal\n")
                .contains("\n  stopped by a signal: continue with --resume\n");
        assertThat(calls()).hasSize(2);
        assertThat(unfinished()).containsExactly("2026-01-02");
    }

    @Test
    void onlyTheLastLogsAreKept() throws Exception {
        settings("KEEP_LOGS=2\n");
        Files.createDirectories(root.resolve("logs"));
        for (int day = 1; day <= 4; day++) {
            Path log = Files.createFile(log("2026-01-0" + day));
            Files.setLastModifiedTime(log, FileTime.from(Instant.parse("2026-01-0" + day + "T01:00:00Z")));
        }
        Path other = Files.createFile(root.resolve("logs/notes.txt"));

        assertThat(nightly("--date", "2025-12-31").code()).isZero();

        try (Stream<Path> left = Files.list(root.resolve("logs"))) {
            assertThat(left).containsExactlyInAnyOrder(log("2026-01-04"), log("2025-12-31"), other);
        }
    }

    @Test
    void mistakesOfUseAreNamed() throws Exception {
        assertThat(nightly("--date", "2026-02-30"))
                .isEqualTo(new Ran(1, "", "nightly: --date is '2026-02-30', it must be a date like 2026-01-31\n"));
        Ran unknown = nightly("--dat");
        assertThat(unknown.code()).isEqualTo(1);
        assertThat(unknown.err()).startsWith("Usage: deploy/cron/nightly.sh [--date YYYY-MM-DD] SETTINGS\n");

        settings("METHODS=()\n");
        assertThat(nightly()).isEqualTo(new Ran(2, "", "nightly: METHODS is empty in " + settings + "\n"));
        settings("ROOT=nights\n");
        assertThat(nightly())
                .isEqualTo(new Ran(
                        2,
                        "",
                        String.format(
                                Locale.ROOT,
                                "nightly: ROOT is 'nights' in %s, it must be a folder with its full path\n",
                                settings)));
        settings("KEEP_LOGS=all\n");
        assertThat(nightly())
                .isEqualTo(new Ran(
                        2,
                        "",
                        String.format(
                                Locale.ROOT,
                                "nightly: KEEP_LOGS is 'all' in %s, it must be a number from 1\n",
                                settings)));
        Files.delete(settings);
        assertThat(nightly())
                .isEqualTo(new Ran(
                        2, "", String.format(Locale.ROOT, "nightly: the settings %s cannot be read\n", settings)));
        assertThat(calls()).isEmpty();
        assertThat(root).doesNotExist();
    }

    @Test
    void theExampleSettingsAreRead() throws Exception {
        String example = Files.readString(Path.of("deploy/cron/nightly.conf"));
        assertThat(example).contains("ROOT=/data/sftn\n");
        Files.writeString(settings, example.replace("ROOT=/data/sftn\n", "ROOT=" + root + "\n"));

        assertThat(nightly("--date", "2026-01-02").code()).isZero();

        assertThat(calls()).first().asString().startsWith("prepare --config conf/quickstart.conf --out ");
        assertThat(Path.of("conf/quickstart.conf")).exists();
    }

    /** The first two; AirflowTest runs all four. */
    @Test
    void aNightWithTheJobsThemselves() throws Exception {
        SparkHome spark = SparkHome.withClassPathOfTests(folder.resolve("conf"));
        for (String job : List.of("build", "submit", "prepare.sh", "teacher.sh")) {
            Files.copy(Path.of("jobs", job), project.resolve("jobs").resolve(job), StandardCopyOption.REPLACE_EXISTING);
        }
        Files.createDirectories(project.resolve("target"));
        SparkHome.emptyJar(project.resolve("target/sftn-on-spark.jar"));
        Path tiny = Files.writeString(folder.resolve("tiny.conf"), Tiny.CONF);
        settings(String.format(
                Locale.ROOT,
                """
                PREPARE=(--config '%1$s') TEACHER=(--config '%1$s')
                SPARK=(--master 'local[2]')
                export JAVA_HOME='%2$s' SPARK_HOME='%3$s' SPARK_CONF_DIR='%4$s' JAVA_TOOL_OPTIONS='%5$s'
                """,
                tiny,
                System.getProperty("java.home"),
                spark.home(),
                spark.conf(),
                String.join(" ", TestJvm.SHORT_LIVED)));

        Ran ran = nightly("--date", "2026-01-02");

        assertThat(ran.code()).as(ran.text()).isZero();
        assertThat(ran.err()).isEmpty();
        assertThat(ran.out()).matches("nightly 2026-01-02: done in \\d+ s, kd top-1 12\\.50 %; log .*\n");
        assertThat(root.resolve("2026-01-02/teacher/model/weights.safetensors")).exists();
        assertThat(Files.readString(log("2026-01-02"))).contains("prepare done: 48 training", "teacher done: top-1 ");
    }

    private List<String> unfinished() throws IOException {
        try (Stream<Path> dates = Files.list(root.resolve("unfinished"))) {
            return dates.map(date -> date.getFileName().toString()).sorted().toList();
        }
    }

    private static void await(Path file) throws InterruptedException {
        while (!Files.exists(file)) {
            Thread.sleep(50);
        }
    }
}
