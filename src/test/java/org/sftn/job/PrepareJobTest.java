package org.sftn.job;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PrepareJobTest {
    private static final int CIFAR_RECORD = 3074;

    @TempDir
    Path folder;

    private Path out;

    @BeforeEach
    void name() {
        out = folder.resolve("out");
    }

    @Test
    void imagesBecomeADataSet() throws IOException {
        Ran ran = prepare(
                "prepare.generated.train-images=8", "prepare.generated.test-images=4", "prepare.generated.classes=2");

        assertThat(ran.err()).isEmpty();
        assertThat(ran.code()).isZero();
        assertThat(ran.out())
                .matches("prepare done: 8 training and 4 test images of 2 classes, .* images/s, in file:" + out + "\n");
        assertThat(names(out))
                .containsExactly("manifest.json", "rejected.csv", "result.json", "run.json", "test", "train");
        JsonNode result = new ObjectMapper().readTree(Files.readString(out.resolve("result.json")));
        assertThat(result.get("status").asText()).isEqualTo("done");
        assertThat(result.get("dataset").asText()).hasSize(64);
        assertThat(result.get("configuration").get("prepare.generated.classes").asText())
                .isEqualTo("2");
        assertThat(result.get("configuration").has("training.epochs")).isFalse();
    }

    @Test
    void aFinishedDataSetIsKept() throws IOException {
        String[] settings = {"prepare.generated.train-images=8", "prepare.generated.test-images=4"};
        prepare(settings);

        assertMistake(
                prepare(settings),
                String.format(
                        Locale.ROOT,
                        "--out file:%s holds a finished run: take another folder, or add --overwrite to delete that run",
                        out));
        assertThat(run(List.of("--resume"), settings).out())
                .startsWith("the run in file:" + out + " is finished already: data set ");
        assertMistake(
                run(List.of("--resume"), "prepare.generated.train-images=9", "prepare.generated.test-images=4"),
                String.format(
                        Locale.ROOT,
                        "the run in file:%s cannot be continued, it is another one: prepare.generated.train-images was 8, now 9",
                        out));

        Ran overwritten =
                run(List.of("--overwrite"), "prepare.generated.train-images=9", "prepare.generated.test-images=4");

        assertThat(overwritten.out()).startsWith("prepare done: 9 training and 4 test images");
    }

    @Test
    void aDryRunReadsTheSourceOnly() {
        Ran ran = run(List.of("--dry-run"));

        assertThat(ran.code()).isZero();
        assertThat(ran.out())
                .contains(
                        "generated, 10,000 training and 2,000 test images of 10 classes",
                        "of about 128 MiB with the images' pixels")
                .endsWith("prepare: everything checked, nothing done (--dry-run)\n");
        assertThat(out).doesNotExist();
    }

    @Test
    void anUnknownSourceIsNamed() {
        assertMistake(
                prepare("prepare.source=image-folders"),
                "prepare.source cannot be 'image-folders'; there are generated, cifar-100-binary, image-folder, tiny-imagenet-200, imagenet-tars, webdataset, table; did you mean 'image-folder'?");
    }

    @Test
    void aMissingFolderIsNamed() {
        assertMistake(
                prepare("prepare.source=cifar-100-binary"),
                "there is nothing to prepare: prepare.input is empty, the folder with train.bin and test.bin");
        Ran ran = prepare("prepare.source=cifar-100-binary", "prepare.input=" + folder.resolve("no"));
        assertThat(ran.code()).isEqualTo(2);
        assertThat(ran.err())
                .startsWith("error: CIFAR-100 cannot be read: there is no ")
                .contains("no/t")
                .hasLineCount(1);
        assertMistake(
                prepare("prepare.source=image-folder", "prepare.input=" + folder.resolve("no")),
                String.format(Locale.ROOT, "the image folder cannot be read: there is no %s/no/train", folder));
        assertThat(out).doesNotExist();
    }

    @Test
    void aTruncatedFileIsRefused() throws IOException {
        Path cifar = Files.createDirectory(folder.resolve("cifar"));
        Files.write(cifar.resolve("train.bin"), new byte[2 * CIFAR_RECORD - 1]);
        Files.write(cifar.resolve("test.bin"), new byte[CIFAR_RECORD]);

        assertMistake(
                prepare("prepare.source=cifar-100-binary", "prepare.input=" + cifar),
                String.format(
                        Locale.ROOT,
                        "%s/train.bin is truncated: its 6147 bytes are 1 records of 3074 and 3073 more",
                        cifar));
        assertThat(out).doesNotExist();
    }

    @Test
    void aTextFileAmongTheImagesIsRefused() throws IOException {
        Path images = imageFolder();
        Files.writeString(images.resolve("train/cat/2.png"), "this is no image");

        assertMistake(
                prepare("prepare.source=image-folder", "prepare.input=" + images),
                String.format(
                        Locale.ROOT,
                        "the data set cannot be made: 1 of 5 images cannot be used, a share of 0.2000 where prepare.max-rejected-share = 0.01;"
                                + " file:%s/rejected.csv names them with the reasons",
                        out));
        assertThat(Files.readString(out.resolve("rejected.csv")))
                .contains("train,cat/2.png,\"it is not a JPEG, PNG, BMP, PBM, PGM, PPM, TIFF or WebP image\"");

        Ran more = run(
                List.of("--resume"),
                "prepare.source=image-folder",
                "prepare.input=" + images,
                "prepare.max-rejected-share=0.5");
        assertThat(more.out()).startsWith("prepare done: 2 training and 2 test images");
        assertThat(new ObjectMapper()
                        .readTree(Files.readString(out.resolve("run.json")))
                        .get("configuration")
                        .get("prepare.max-rejected-share")
                        .asText())
                .isEqualTo("0.5");
    }

    @Test
    void whatIsLeftOutIsSaid() throws IOException {
        Path images = imageFolder();
        Files.writeString(images.resolve("train/dog/1.png"), "this is no image");

        Ran ran = prepare("prepare.source=image-folder", "prepare.input=" + images, "prepare.max-rejected-share=0.5");

        assertThat(ran.code()).isZero();
        assertThat(ran.err())
                .isEqualTo(String.format(
                        Locale.ROOT,
                        "no training image of class dog can be used\n1 image cannot be used; file:%s/rejected.csv names it with the reason\n",
                        out));
    }

    /** An image of each of two classes in each split. */
    private Path imageFolder() throws IOException {
        Path images = folder.resolve("images");
        for (String split : List.of("train", "test")) {
            for (String label : List.of("cat", "dog")) {
                Path place = Files.createDirectories(images.resolve(split).resolve(label));
                ImageIO.write(
                        new BufferedImage(32, 32, BufferedImage.TYPE_INT_RGB),
                        "png",
                        place.resolve("1.png").toFile());
            }
        }
        return images;
    }

    private void assertMistake(Ran ran, String message) {
        assertThat(ran.err()).isEqualTo("error: " + message + "\n");
        assertThat(ran.code()).isEqualTo(2);
        assertThat(ran.out()).isEmpty();
    }

    private Ran prepare(String... settings) {
        return run(List.of(), settings);
    }

    private Ran run(List<String> options, String... settings) {
        List<String> arguments = new ArrayList<>(List.of("prepare", "--out", out.toString()));
        arguments.addAll(options);
        for (String setting : settings) {
            arguments.addAll(List.of("--set", setting));
        }
        return Ran.of(arguments.toArray(String[]::new));
    }

    private static List<String> names(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(f -> f.getFileName().toString())
                    .filter(n -> !n.startsWith("."))
                    .sorted()
                    .toList();
        }
    }
}
