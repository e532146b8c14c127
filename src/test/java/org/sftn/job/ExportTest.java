package org.sftn.job;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.sftn.export.OnnxRuntime;
import org.sftn.model.ModelDescription;
import org.sftn.model.SavedModel;
import org.sftn.nn.Shape;
import org.sftn.nn.Tensor;
import org.sftn.zoo.Zoo;

/** The command; what its files compute is the business of the package that writes them. */
class ExportTest {
    private static final Shape IMAGE = Shape.of(3, 16, 16);

    @TempDir
    Path folder;

    private Path model;
    private Path file;

    @BeforeEach
    void write() throws IOException {
        model = folder.resolve("model");
        file = folder.resolve("models/student.onnx");
        ModelDescription description = new ModelDescription(
                ModelDescription.FORMAT,
                "resnet8",
                IMAGE.dimensions(),
                List.of("a", "b", "c", "d"),
                List.of(0.5, 0.5, 0.5),
                List.of(0.25, 0.25, 0.25),
                "",
                Map.of("job", "teacher"));
        new SavedModel(description, Zoo.create("resnet8", IMAGE, 4).network().initialValues(1))
                .write(new org.apache.hadoop.fs.Path("file:" + model), new Configuration());
    }

    private Ran export(String... options) {
        List<String> arguments =
                new ArrayList<>(List.of("export", "--model", model.toString(), "--out", file.toString()));
        arguments.addAll(List.of(options));
        return Ran.of(arguments.toArray(String[]::new));
    }

    private static void assertMistake(Ran ran, String message) {
        assertThat(ran.err()).isEqualTo("error: " + message + "\n");
        assertThat(ran.code()).isEqualTo(2);
        assertThat(ran.out()).isEmpty();
    }

    @Test
    void aModelBecomesAnOnnxFile() throws Exception {
        Ran ran = export();

        assertThat(ran.err()).isEmpty();
        assertThat(ran.code()).isZero();
        assertThat(ran.out())
                .isEqualTo(String.format(
                        Locale.ROOT,
                        "export done: resnet8 for images of 3x16x16 and 4 classes as onnx, %,d bytes, in file:%s\n",
                        Files.size(file),
                        file));
        assertThat(visible(file.getParent())).containsExactly("student.onnx");
        try (OnnxRuntime runtime = new OnnxRuntime(Files.readAllBytes(file))) {
            assertThat(runtime.logits(Tensor.zeros(IMAGE.batched(2))).shape()).isEqualTo(Shape.of(2, 4));
        }
    }

    private static List<String> visible(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(each -> each.getFileName().toString())
                    .filter(name -> !name.startsWith("."))
                    .toList();
        }
    }

    @Test
    void normalizationIsOutsideUnlessAskedFor() throws IOException {
        assertThat(export().code()).isZero();
        byte[] usual = Files.readAllBytes(file);
        assertThat(export("--overwrite", "--normalization", "outside").code()).isZero();
        assertThat(Files.readAllBytes(file)).isEqualTo(usual);

        assertThat(export("--overwrite", "--normalization", "inside").code()).isZero();

        assertThat(Files.size(file)).isGreaterThan(usual.length);
    }

    @Test
    void aFileThatExistsIsReplacedWhenAskedOnly() throws IOException {
        Files.createDirectories(file.getParent());
        Files.writeString(file, "precious");

        assertMistake(
                export(),
                String.format(
                        Locale.ROOT,
                        "--out file:%s exists: take another file, or add --overwrite to replace that one",
                        file));
        assertThat(file).hasContent("precious");
        assertThat(export("--overwrite").code()).isZero();

        assertThat(Files.size(file)).isGreaterThan(100_000);
    }

    @Test
    void aFolderIsNeverReplaced() {
        file = model;

        assertMistake(
                export("--overwrite"),
                String.format(Locale.ROOT, "--out file:%s cannot be written: it is a folder", model));
        assertThat(model).isNotEmptyDirectory();
    }

    @Test
    void aFileThatCannotBeWrittenIsNamed() {
        file = Path.of("/proc/sftn/student.onnx");

        Ran ran = export();

        assertThat(ran.err()).startsWith("error: --out file:/proc/sftn/student.onnx cannot be written: ");
        assertThat(ran.code()).isEqualTo(2);
    }

    @Test
    void withoutAModelNothingIsWritten() {
        model = folder.resolve("nothing");

        assertMistake(
                export(), String.format(Locale.ROOT, "there is no model in file:%s: model.json is missing", model));
        assertThat(file.getParent()).doesNotExist();
    }

    @Test
    void aDamagedModelIsRefused() throws IOException {
        Path weights = model.resolve("weights.safetensors");
        byte[] bytes = Files.readAllBytes(weights);
        bytes[bytes.length / 2] ^= 1;
        Files.write(weights, bytes);
        // Hadoop's own checksum; a copied model has none.
        Files.delete(model.resolve(".weights.safetensors.crc"));

        assertMistake(
                export(),
                String.format(
                        Locale.ROOT,
                        "the model file:%s cannot be used: weights.safetensors does not have the checksum in model.json",
                        model));
        assertThat(file.getParent()).doesNotExist();
    }

    @Test
    void aModelThatWasChangedByHandIsRefusedWithItsHiddenChecksum() throws IOException {
        Path description = model.resolve("model.json");
        String text = Files.readString(description);
        Files.writeString(description, text.replace("\"mean\"", "\"mean\" "));

        assertMistake(
                export(),
                String.format(
                        Locale.ROOT,
                        "file:%1$s/model.json does not agree with its checksum file:%1$s/.model.json.crc: one of the two is damaged; delete the checksum if you changed the file yourself",
                        model));
        Files.delete(model.resolve(".model.json.crc"));
        assertThat(export().code()).isZero();
    }

    @Test
    void anUnknownFormatIsNamed() {
        assertMistake(
                export("--format", "safetensors", "--normalization", "inside"),
                "--normalization is for --format onnx: weights alone normalize nothing");
        assertMistake(
                export("--format", "onx"), "there is no format 'onx' among onnx, safetensors; did you mean 'onnx'?");
    }

    @Test
    void anUnknownNormalizationIsNamed() {
        assertMistake(export("--normalization", "none"), "--normalization must be outside or inside, not 'none'");
    }

    @Test
    void modelAndFileMustBeGiven() {
        Ran ran = Ran.of("export");

        assertThat(ran.code()).isEqualTo(1);
        assertThat(ran.err())
                .startsWith("error: Missing required options: '--model=FOLDER', '--out=FILE'\n")
                .contains("Usage: sftn export");
    }
}
