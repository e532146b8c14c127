package org.sftn.job;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.sftn.TestMetrics;

/** The jobs on machines that speak languages with other digits (Arabic, Thai), years (Thai) and small letters (Turkish). */
class LanguagesTest {
    private static final Locale LANGUAGE = Locale.getDefault();

    @TempDir
    private static Path folder;

    private static Path undisturbed;

    @TempDir
    private Path out;

    static List<Locale> languages() {
        return List.of(new Locale("ar", "EG"), new Locale("th", "TH", "TH"), new Locale("tr", "TR"));
    }

    @BeforeAll
    static void train() {
        undisturbed = folder.resolve("undisturbed");
        teach(undisturbed);
        succeed("evaluate", undisturbed.resolve("evaluation"), evaluation(undisturbed));
    }

    @AfterEach
    void speakAsBefore() {
        Locale.setDefault(LANGUAGE);
    }

    private static Ran succeed(String job, Path out, List<String> more) {
        List<String> arguments = new ArrayList<>(List.of(job, "--out=" + out));
        arguments.addAll(more);
        Ran ran = Ran.of(arguments.toArray(String[]::new));
        assertThat(ran.code()).as(ran.err()).isZero();
        assertThat(ran.out() + ran.err()).doesNotContainPattern("[\\p{Nd}&&[^0-9]]");
        return ran;
    }

    /** Two epochs of three iterations. */
    private static Ran teach(Path out, String... more) {
        List<String> options = new ArrayList<>(List.of(more));
        options.addAll(options(Fixture.teaching()));
        options.add("--set=data.path=" + Fixture.images().folder());
        options.add("--set=training.checkpoint-iterations=2");
        return succeed("teacher", out, options);
    }

    private static List<String> options(List<String> settings) {
        return settings.stream().map(setting -> "--set=" + setting).toList();
    }

    private static List<String> evaluation(Path run) {
        return List.of(
                "--set=data.path=" + Fixture.images().folder(),
                "--set=evaluate.model=" + run.resolve("model"),
                "--set=evaluate.predictions=true");
    }

    @ParameterizedTest
    @MethodSource("languages")
    void preparedImagesAreTheSame(Locale language) throws IOException {
        Locale.setDefault(language);
        succeed("prepare", out.resolve("images"), options(Fixture.imagesSettings()));
        for (String file : List.of("manifest.json", "train/part-00000.parquet", "test/part-00000.parquet")) {
            assertThat(out.resolve("images").resolve(file))
                    .hasSameBinaryContentAs(Fixture.images().folder().resolve(file));
        }
    }

    @ParameterizedTest
    @MethodSource("languages")
    void aTrainingLeavesTheSameFilesAndGoesOnFromItsCheckpoints(Locale language) throws IOException {
        Locale.setDefault(language);
        Path run = out.resolve("run");
        teach(run);
        assertThat(names(run.resolve("checkpoints"))).isEqualTo(names(undisturbed.resolve("checkpoints")));
        assertSame(run, "model/weights.safetensors", "metrics.csv");

        // As a run that was killed before its last checkpoint.
        Files.delete(run.resolve("result.json"));
        Files.delete(run.resolve("checkpoints/000000000006.json"));
        assertThat(Ran.of("status", run.toString()).out()).doesNotContainPattern("[\\p{Nd}&&[^0-9]]");
        assertThat(teach(run, "--resume").err()).contains("continuing after iteration 4\n");
        assertSame(run, "model/weights.safetensors", "metrics.csv");

        succeed("evaluate", run.resolve("evaluation"), evaluation(run));
        assertSame(run, "evaluation/predictions.csv", "evaluation/confusion.csv");
        assertThat(Ran.of("report", run.toString()).code()).isZero();
        assertOnlyDigitsOfMachines(run);
    }

    @ParameterizedTest
    @MethodSource("languages")
    void aStudyIsReadByMachines(Locale language) throws IOException {
        Locale.setDefault(language);
        Path config = Files.writeString(out.resolve("study.conf"), """
                study { title = "A trial", pairs = ["resnet8 resnet8"], teachers { standard { teacher.student = "" } }
                  methods = [kd], seeds = [1, 2] }
                """);
        succeed(
                "study",
                out.resolve("study"),
                List.of(
                        "--config=" + config,
                        "--set=data.path=" + Fixture.images().folder(),
                        "--set=training.epochs=1",
                        "--set=training.global-batch=16"));
        assertOnlyDigitsOfMachines(out.resolve("study"));
    }

    /** Of metrics.csv without the columns that measure time. */
    private static void assertSame(Path run, String... files) throws IOException {
        for (String file : files) {
            assertThat(content(run.resolve(file))).as(file).isEqualTo(content(undisturbed.resolve(file)));
        }
    }

    private static String content(Path file) throws IOException {
        String content = Files.readString(file, StandardCharsets.ISO_8859_1);
        return file.endsWith("metrics.csv") ? TestMetrics.withoutTimes(content) : content;
    }

    private static List<String> names(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            // The folder of a checkpoint has the name of its attempt, too.
            return files.map(file -> file.getFileName().toString().replaceFirst("-.*", ""))
                    .sorted()
                    .toList();
        }
    }

    private static void assertOnlyDigitsOfMachines(Path run) throws IOException {
        try (Stream<Path> files = Files.walk(run)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                String name = run.relativize(file).toString();
                assertThat(name).matches("[A-Za-z0-9._/-]+");
                if (name.matches(".*\\.(json|csv|html|md|conf|prom)")) {
                    assertThat(Files.readString(file)).as(name).doesNotContainPattern("[\\p{Nd}&&[^0-9]]|[ıİ]");
                }
            }
        }
    }
}
