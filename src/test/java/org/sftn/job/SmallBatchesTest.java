package org.sftn.job;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** mobilenet_v2_32 makes maps of 1x1 of the fixture's images, on whose batch-norm a single image cannot train; resnet8 does not. */
class SmallBatchesTest {
    @TempDir
    Path folder;

    private Ran teacher(String network, int images, int batch, int executors, String... more) {
        List<String> arguments = new ArrayList<>(List.of("teacher", "--out=" + folder.resolve("out")));
        for (String setting : List.of(
                "data.path=" + Fixture.images().folder(),
                "data.train-images=" + images,
                "teacher.network=" + network,
                "teacher.student=",
                "training.epochs=1",
                // Maps of 1x1 of a few images have next to no variance, so gradients are huge; running statistics
                // cannot follow in
                // three iterations, and at a usual rate the evaluation overflows or not as the rounding of the
                // processor has it.
                "training.learning-rate=0.000001",
                "training.global-batch=" + batch,
                "training.executors=" + executors)) {
            arguments.add("--set=" + setting);
        }
        arguments.addAll(List.of(more));
        return Ran.of(arguments.toArray(String[]::new));
    }

    @ParameterizedTest
    @CsvSource({"17, 16, 1", "33, 16, 1", "35, 16, 2", "48, 1000000000, 2"})
    void oneImageThatIsLeftTrainsWithTheBatchBefore(int images, int batch, int executors) throws Exception {
        Ran ran = teacher("mobilenet_v2_32", images, batch, executors);

        assertThat(ran.code()).as(ran.err()).isZero();
        List<String> metrics = Files.readAllLines(folder.resolve("out/metrics.csv"));
        assertThat(metrics.get(1)).startsWith("1," + (images + batch - 1) / batch + ",");
    }

    @ParameterizedTest
    @CsvSource({
        "48, 2, 2, set training.global-batch to at least 6",
        "47, 2, 1, set training.global-batch to at least 3",
        "3, 16, 2, so many executors need at least 4 images"
    })
    void aRunThatCannotTrainIsRefusedBeforeIt(int images, int batch, int executors, String cure) {
        String message = String.format(
                Locale.ROOT,
                " sees maps of 1x1 and cannot train on a single image, which is all that an executor has in some batches of training.global-batch %d: %d training images, training.executors %d; %s\n",
                batch,
                images,
                executors,
                cure);

        for (String[] option : new String[][] {{"--dry-run"}, {}}) {
            Ran ran = teacher("mobilenet_v2_32", images, batch, executors, option);
            assertThat(ran.err())
                    .startsWith("error: teacher.")
                    .endsWith(message)
                    .hasLineCount(1);
            assertThat(ran.code()).isEqualTo(2);
        }
        assertThat(folder.resolve("out")).doesNotExist();
    }

    @ParameterizedTest
    @CsvSource({"48, 16, 8, 2", "48, 8, 8, 1", "7, 100, 4, 2"})
    void soIsOneWhosePartsAreTooSmall(int images, int batch, int parts, int atOnce) {
        Ran ran = teacher("mobilenet_v2_32", images, batch, 1, "--set=training.accumulate=" + parts);

        assertThat(ran.err())
                .endsWith(String.format(
                        Locale.ROOT,
                        "training.accumulate is %d, so an executor computes %d at once; set it so that these are at least 3\n",
                        parts,
                        atOnce))
                .hasLineCount(1);
        assertThat(ran.code()).isEqualTo(2);
    }

    @ParameterizedTest
    @CsvSource({"17, 16, 4", "22, 16, 4", "10, 100, 4"})
    void partsAreNeverASingleImage(int images, int batch, int parts) {
        // A larger rate diverges: batch-norm over three values is steep, in parts or not.
        Ran ran = teacher(
                "mobilenet_v2_32",
                images,
                batch,
                1,
                "--set=training.learning-rate=1e-6",
                "--set=training.accumulate=" + parts);

        assertThat(ran.code()).as(ran.err()).isZero();
    }

    @Test
    void soIsAStudentsRun() {
        Ran ran = Ran.of(
                "distill",
                "--dry-run",
                "--out=" + folder.resolve("out"),
                "--set=data.path=" + Fixture.images().folder(),
                "--set=distill.teacher=" + Fixture.teacher().folder().resolve("model"),
                "--set=distill.student=mobilenet_v2_32",
                "--set=training.global-batch=1");

        assertThat(ran.err()).startsWith("error: student.").contains(" sees maps of 1x1 ");
        assertThat(ran.code()).isEqualTo(2);
    }

    @Test
    void otherNetworksTrainOnSingleImages() {
        assertThat(teacher("resnet8", 5, 2, 2).code()).isZero();
    }
}
