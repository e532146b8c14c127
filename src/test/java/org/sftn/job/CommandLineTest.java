package org.sftn.job;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.sftn.distill.method.Methods;
import org.sftn.zoo.Zoo;

/** Usage and mistakes that are found before Spark starts. */
class CommandLineTest {
    @TempDir
    Path folder;

    @Test
    void withoutAJobTheJobsAreListed() {
        Ran ran = Ran.of();

        assertThat(ran.code()).isEqualTo(1);
        assertThat(ran.err())
                .contains("Usage: sftn")
                .contains("prepare", "teacher", "distill", "evaluate", "quickstart");
        assertThat(ran.out()).isEmpty();
    }

    @Test
    void anUnknownJobIsNamed() {
        Ran ran = Ran.of("distil", "--out", "x");

        assertThat(ran.code()).isEqualTo(1);
        assertThat(ran.err()).startsWith("error: there is no job 'distil'\n").contains("Usage: sftn");
    }

    @Test
    void anUnknownOptionIsNamed() {
        Ran ran = Ran.of("teacher", "--epochs", "3", "--out", "x");

        assertThat(ran.code()).isEqualTo(1);
        assertThat(ran.err())
                .startsWith("error: Unknown options: '--epochs', '3'")
                .contains("Usage: sftn teacher");
    }

    @Test
    void methodsAndNetworksAreListed() {
        Ran ran = Ran.of("list");

        assertThat(ran.code()).isZero();
        assertThat(ran.err()).isEmpty();
        for (Methods.Method method : Methods.all()) {
            assertThat(ran.out())
                    .containsPattern("(?m)^  " + method.name() + " +\\Q" + method.summary() + "\\E.*\\Q"
                            + method.paper() + "\\E$");
        }
        assertThat(ran.out().split("\\s+")).containsAll(Zoo.names());
    }

    @Test
    void anAssignmentNeedsAValue() {
        Ran ran = Ran.of("teacher", "--set", "--out", "x");

        assertThat(ran.code()).isEqualTo(1);
        assertThat(ran.err()).startsWith("error: Expected parameter for option '--set' but found '--out'");
    }

    @Test
    void resumeAndOverwriteExcludeEachOther() {
        Ran ran = Ran.of("teacher", "--out", "x", "--resume", "--overwrite");

        assertThat(ran.code()).isEqualTo(1);
        assertThat(ran.err()).startsWith("error: --resume, --overwrite are mutually exclusive");
    }

    @ParameterizedTest
    @ValueSource(strings = {"prepare", "teacher", "distill", "evaluate"})
    void theOutputFolderMustBeGiven(String job) {
        Ran ran = Ran.of(job);

        assertThat(ran.code()).isEqualTo(1);
        assertThat(ran.err()).startsWith("error: --out DIR is missing").contains("Usage: sftn " + job);
    }

    @ParameterizedTest
    @ValueSource(strings = {"prepare", "teacher", "distill", "evaluate", "quickstart"})
    void everyJobHasHelp(String job) {
        Ran ran = Ran.of(job, "--help");

        assertThat(ran.code()).isZero();
        assertThat(ran.out())
                .startsWith("Usage: sftn " + job)
                .contains(
                        "--config=FILE",
                        "--set=KEY=VALUE",
                        "--out=DIR",
                        "--resume",
                        "--overwrite",
                        "--dry-run",
                        "--help",
                        "--version");
        assertThat(ran.err()).isEmpty();
    }

    @Test
    void theVersionNamesReleaseAndCommit() {
        Ran ran = Ran.of("--version");

        assertThat(ran.code()).isZero();
        assertThat(ran.out())
                .matches("SFTN on Spark \\d+\\.\\d+\\.\\d+(-SNAPSHOT)? \\(([0-9a-f]{10,}(-dirty)?|unknown)\\)\n");
    }

    @Test
    void theHelpListsJobsAndExitCodes() {
        Ran ran = Ran.of("--help");

        assertThat(ran.code()).isZero();
        assertThat(ran.out())
                .contains(
                        "Train a student from a saved teacher.",
                        "Exit codes:",
                        "2 a mistake in settings, data or paths");
    }

    @Test
    void mistakesInTheSettingsAreNamedTogether() throws IOException {
        Path file = Files.writeString(folder.resolve("run.conf"), "training.epoch = 3\n");

        Ran ran = Ran.of(
                "teacher",
                "--config",
                file.toString(),
                "--set",
                "training.momentum=x",
                "--out",
                folder.resolve("out").toString());

        assertThat(ran.code()).isEqualTo(2);
        assertThat(ran.err()).isEqualTo("""
                        error: the configuration cannot be used, it has 2 problems:
                          unknown key 'training.epoch' (run.conf: 1); did you mean 'training.epochs'?
                          training.momentum is 'x', it must be a number (--set)
                        """);
        assertThat(folder.resolve("out")).doesNotExist();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "a\"b",
                "a\"",
                "a 'b' \"c\" ",
                "#x",
                "$HOME",
                "a\nb",
                "a=b=c",
                "--",
                "a\\b",
                "{x}",
                "@x",
                "\u4e2d\u00e9"
            })
    void aValueIsTakenAsItIs(String value) {
        Ran ran = Ran.of(
                "prepare",
                "--set=prepare.source=" + value,
                "--out",
                folder.resolve("out").toString());

        assertThat(ran.code()).isEqualTo(2);
        assertThat(ran.err()).contains("prepare.source cannot be '" + value + "'; there are ");
    }

    @Test
    void aWordIsNoFileOfOptions() throws IOException {
        Path options = Files.writeString(folder.resolve("options"), "--help\n");

        Ran ran = Ran.of("report", "@" + options);

        assertThat(ran.code()).isEqualTo(2);
        assertThat(ran.err()).startsWith("error: ").contains("@" + options);
    }

    @Test
    void aMissingConfigurationIsNamed() {
        Ran ran = Ran.of(
                "teacher",
                "--config",
                folder.resolve("no.conf").toString(),
                "--out",
                folder.resolve("out").toString());

        assertThat(ran.code()).isEqualTo(2);
        assertThat(ran.err())
                .isEqualTo(String.format(
                        Locale.ROOT, "error: the configuration file file:%s/no.conf does not exist\n", folder));
    }

    @Test
    void anUnknownFileSystemIsNamed() {
        Ran ran = Ran.of("teacher", "--out", "gopher://host/out");

        assertThat(ran.code()).isEqualTo(2);
        assertThat(ran.err())
                .startsWith("error: --out cannot be 'gopher://host/out': No FileSystem for scheme \"gopher\"");
    }
}
