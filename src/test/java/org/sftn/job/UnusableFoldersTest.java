package org.sftn.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.sftn.TestJvm;
import org.sftn.TestProperties;

/** Homes, folders for temporary files and local folders of Spark as containers and careful administrators leave them. */
class UnusableFoldersTest {
    private static final List<String> BENCH =
            List.of("bench", "--network=resnet8", "--batch=2", "--iterations=1", "--threads=1", "--precision=fp32");

    @TempDir
    private Path folder;

    private Path home;
    private Path temporary;
    private Path work;

    @BeforeEach
    void makeFolders() throws IOException {
        home = Files.createDirectory(folder.resolve("home"));
        temporary = Files.createDirectory(folder.resolve("tmp"));
        work = Files.createDirectory(folder.resolve("work"));
    }

    /** A command of ours in a JVM with these folders. */
    private List<String> command(List<String> arguments, Map<String, String> more) {
        Map<String, String> properties = new TreeMap<>(Ran.SPARK);
        properties.put("user.home", home.toString());
        properties.put("java.io.tmpdir", temporary.toString());
        // What the console shows.
        properties.put(
                "log4j2.configurationFile",
                Path.of("conf/log4j2.properties").toUri().toString());
        properties.putAll(more);
        List<String> command = TestJvm.command();
        command.addAll(TestJvm.SHORT_LIVED);
        properties.forEach((key, value) -> command.add("-D" + key + "=" + value));
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), Main.class.getName()));
        command.addAll(arguments);
        return command;
    }

    private List<String> teacher(String... more) {
        List<String> job = new ArrayList<>(List.of(
                "teacher",
                "--out=" + folder.resolve("out"),
                "--set=data.path=" + Fixture.images().folder()));
        Fixture.teaching().forEach(setting -> job.add("--set=" + setting));
        job.addAll(List.of(more));
        return job;
    }

    /**
     * Runs it in the folder for work.
     *
     * @param mounts commands that nobody but it sees the effect of
     */
    private JobProcess run(List<String> mounts, List<String> command) throws Exception {
        Path log = folder.resolve("log");
        List<String> steps = new ArrayList<>(mounts);
        steps.add("cd '" + work + "'");
        if (mounts.isEmpty()) {
            return JobProcess.run(List.of("sh", "-c", script(steps, command)), log);
        }
        assumeThat(unshared(String.join(" && ", mounts)).start().waitFor())
                .as("this system lets a test mount a disk")
                .isZero();
        return JobProcess.run(unshared(script(steps, command)).command(), log);
    }

    private static String script(List<String> steps, List<String> command) {
        return String.join(" && ", steps) + " && exec '" + String.join("' '", command) + "'";
    }

    private static ProcessBuilder unshared(String script) {
        return new ProcessBuilder("unshare", "--map-root-user", "--mount", "sh", "-c", script);
    }

    private static String mount(String options, Path where) {
        return String.format(Locale.ROOT, "mount -t tmpfs -o %s tmpfs '%s'", options, where);
    }

    /** 40k: no library; 8m: all but those that are large. */
    @ParameterizedTest
    @ValueSource(strings = {"noexec", "ro", "size=40k", "size=8m"})
    void theFastEngineNeedsNoHome(String options) throws Exception {
        JobProcess bench = run(List.of(mount(options, home)), command(BENCH, Map.of()));
        assertThat(bench.await()).as(bench.said()).isZero();
        assertThat(bench.said()).contains("\"engine\":\"onednn 3");
        assertThat(temporary).isDirectoryContaining("glob:**/.sftn-native-*");
    }

    @ParameterizedTest
    @ValueSource(strings = {"?", "/proc"})
    void aUserMayHaveNone(String named) throws Exception {
        JobProcess bench = run(List.of(), command(BENCH, Map.of("user.home", named)));
        assertThat(bench.await()).as(bench.said()).isZero();
        assertThat(bench.said()).contains("\"engine\":\"onednn 3");
        assertThat(work).isEmptyDirectory();
    }

    @Test
    void aFolderThatIsNamedComesFirst() throws Exception {
        Path named = folder.resolve("named");
        JobProcess bench = run(List.of(), command(BENCH, Map.of("org.bytedeco.javacpp.cachedir", named.toString())));
        assertThat(bench.await()).as(bench.said()).isZero();
        assertThat(bench.said()).contains("\"engine\":\"onednn 3");
        assertThat(named).isNotEmptyDirectory();
        assertThat(home).isEmptyDirectory();
        assertThat(temporary).isEmptyDirectory();
    }

    @Test
    void aRunThatUnpacksElsewhereGivesTheSameBits() throws Exception {
        JobProcess run = run(List.of(mount("noexec", home), mount("noexec", temporary)), command(teacher(), Map.of()));
        assertThat(run.await()).as(run.said()).isZero();
        assertThat(run.said())
                .contains(String.format(
                        Locale.ROOT,
                        "Native libraries are unpacked in %s/.sftn-native-0, not in %s/.javacpp/cache (noexec",
                        work,
                        home))
                .doesNotContain("Exception", "Error:");
        assertThat(folder.resolve("out/model/weights.safetensors"))
                .hasSameBinaryContentAs(Fixture.teacher().folder().resolve("model/weights.safetensors"));
        // What JavaCPP will use again, and nothing else.
        assertThat(work.resolve(".sftn-native-0")).isDirectoryNotContaining("glob:**/*.tmp");
    }

    @Test
    void mklNeedsNoHome() throws Exception {
        List<String> job = teacher("--set=engine.name=bigdl", "--set=training.exchange=bigdl");
        JobProcess run = run(List.of(mount("noexec", home)), command(job, Map.of()));
        assertThat(run.await()).as(run.said()).isZero();
        assertThat(run.said()).contains("bigdl 0.13.0, MKL").doesNotContain("Exception", "Error:");
    }

    @ParameterizedTest
    @CsvSource({
        "noexec,   noexec: files there cannot be executed",
        "size=20m, 'MiB are free, 128 are needed'",
    })
    void whereMklCannotBeUnpackedItIsSaidBeforeWork(String options, String reason) throws Exception {
        JobProcess run = run(
                List.of(mount(options, temporary)), command(teacher("--set=engine.name=bigdl", "--dry-run"), Map.of()));
        assertThat(run.await()).as(run.said()).isEqualTo(2);
        assertThat(run.said())
                .contains(String.format(
                        Locale.ROOT,
                        "error: BigDL's MKL cannot be loaded on this machine: it can be unpacked in %s alone (",
                        temporary))
                .endsWith(
                        reason
                                + "); name another folder by the environment variable JAVA_TOOL_OPTIONS=-Djava.io.tmpdir=FOLDER\n")
                .doesNotContain("\tat ");
    }

    @Test
    void whereMklCannotBeUnpackedATaskIsNotTriedAgain() throws Exception {
        JobProcess run =
                run(List.of(mount("noexec", temporary)), command(teacher("--set=training.exchange=bigdl"), Map.of()));
        assertThat(run.await()).as(run.said()).isEqualTo(2);
        assertThat(run.said()).containsOnlyOnce("\nerror: BigDL's MKL cannot be loaded on this machine: it can be ");
    }

    @ParameterizedTest
    @ValueSource(strings = {"onednn", "bigdl"})
    void whereNothingExecutesTheRunIsRefusedBeforeWork(String engine) throws Exception {
        List<String> job = teacher("--set=engine.name=" + engine, "--dry-run");
        JobProcess run = run(
                List.of(mount("noexec", home), mount("noexec", temporary), mount("noexec", work)),
                command(job, Map.of()));
        assertThat(run.await()).as(run.said()).isEqualTo(2);
        String noexec = "(noexec: files there cannot be executed)";
        assertThat(run.said())
                .contains(String.format(
                        Locale.ROOT,
                        "error: native libraries cannot be unpacked in %s/.javacpp/cache %s, %s/.sftn-native-0 %s, %s/.sftn-native-0 %s: name a folder ",
                        home,
                        noexec,
                        temporary,
                        noexec,
                        work,
                        noexec))
                .doesNotContain("\tat ");
    }

    @Test
    void theSlowDecoderIsNotTakenInSilence() throws Exception {
        for (String image : List.of("train/cat/0", "train/cat/1", "train/dog/0", "test/cat/0", "test/dog/0")) {
            Path file = folder.resolve("images").resolve(image + ".jpg");
            Files.createDirectories(file.getParent());
            ImageIO.write(new BufferedImage(20, 20, BufferedImage.TYPE_INT_RGB), "jpeg", file.toFile());
        }
        List<String> job = List.of(
                "prepare",
                "--out=" + folder.resolve("out"),
                "--set=prepare.source=image-folder",
                "--set=prepare.input=" + folder.resolve("images"));
        JobProcess run = run(
                List.of(mount("noexec", home), mount("noexec", temporary), mount("noexec", work)),
                command(job, Map.of()));
        assertThat(run.await()).as(run.said()).isZero();
        assertThat(run.said())
                .contains("prepare done: 3 training and 2 test images")
                .doesNotContain("\tat ");
        assertThat(run.said().split("JPEG files are decoded by the JDK, ", -1)).hasSize(2);
        assertThat(run.said())
                .contains("the native decoder cannot be loaded: native libraries cannot be unpacked in " + home);
    }

    @Test
    void aFullLocalFolderOfSparkIsFoundBeforeWork() throws Exception {
        Path local = Files.createDirectory(folder.resolve("local"));
        JobProcess run = run(
                List.of(mount("size=512k", local)),
                command(teacher("--dry-run"), Map.of("spark.local.dir", local.toString())));
        assertThat(run.await()).as(run.said()).isEqualTo(2);
        assertThat(run.said())
                .endsWith(String.format(
                        Locale.ROOT,
                        "error: Spark has no local folder that it can use (%s: No space left on device): set spark.local.dir, or the variable SPARK_LOCAL_DIRS, which comes first, to a folder with room\n",
                        local))
                .doesNotContain("\tat ");
    }

    @ParameterizedTest
    @ValueSource(strings = {"/proc/sftn", "%s/file", "%s/file/below", "%s/file,/proc/sftn"})
    void aLocalFolderOfSparkThatCannotBeMadeIsAMistake(String folders) throws IOException {
        Files.createFile(folder.resolve("file"));
        try (TestProperties unused =
                TestProperties.with(Map.of("spark.local.dir", folders.replace("%s", folder.toString())))) {
            Ran ran = Ran.of(teacher().toArray(String[]::new));
            assertThat(ran.code()).isEqualTo(2);
            assertThat(ran.err())
                    .matches(
                            "error: Spark has no local folder that it can use \\(\\S+: .+\\): set spark.local.dir, .+\n");
        }
        assertThat(folder.resolve("out")).doesNotExist();
    }

    @Test
    void aLocalFolderOfSparkIsMadeWhereItCanBe() throws Exception {
        Path link = Files.createSymbolicLink(folder.resolve("link"), Files.createDirectory(folder.resolve("linked")));
        JobProcess run = run(
                List.of(),
                command(teacher("--dry-run"), Map.of("spark.local.dir", folder.resolve("a/b") + "," + link)));
        assertThat(run.await()).as(run.said()).isZero();
    }
}
