package org.sftn.job;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.BiConsumer;
import org.apache.commons.codec.digest.DigestUtils;
import org.apache.commons.io.FileUtils;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.sftn.model.Safetensors;
import org.sftn.model.SavedModel;
import org.sftn.nn.Tensor;

/** What is not finite, or leads to it, is said alike by all jobs and engines. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class NotANumberTest {
    private static final String NEGATIVE = "stage1.block0.bn1.running_var";

    private Path folder;
    private Path notANumber;
    private Path negative;
    private Path overflowing;

    @BeforeAll
    void makeModels(@TempDir Path temporary) throws IOException {
        folder = temporary;
        notANumber = model("nan", (name, values) -> {
            if (name.equals("conv1.weight")) {
                values[10] = Float.NaN;
            }
        });
        negative = model("negative", (name, values) -> {
            if (name.equals(NEGATIVE)) {
                values[2] = -1;
            }
        });
        overflowing = model("overflowing", (name, values) -> {
            for (int i = 0; i < values.length && name.matches(".*conv\\d\\.weight"); i++) {
                values[i] *= 0x1p50f;
            }
        });
    }

    /** The fixture's teacher with other values, as if somebody had written them. */
    private Path model(String name, BiConsumer<String, float[]> change) throws IOException {
        Path model = folder.resolve(name);
        FileUtils.copyDirectory(Fixture.teacher().folder().resolve("model").toFile(), model.toFile());
        SavedModel saved = SavedModel.read(new org.apache.hadoop.fs.Path(model.toUri()), new Configuration());
        Map<String, Tensor> values = new LinkedHashMap<>(saved.values());
        values.forEach((tensor, value) -> change.accept(tensor, value.values()));
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        new Safetensors(values, Map.of()).write(bytes);
        replace(model, "weights.safetensors", bytes.toByteArray());
        String description = Files.readString(model.resolve("model.json"))
                .replace(saved.description().weightsSha256(), DigestUtils.sha256Hex(bytes.toByteArray()));
        replace(model, "model.json", description.getBytes(StandardCharsets.UTF_8));
        return model;
    }

    private static void replace(Path model, String name, byte[] content) throws IOException {
        Files.write(model.resolve(name), content);
        // Hadoop's checksum is of what was there before.
        Files.deleteIfExists(model.resolve("." + name + ".crc"));
    }

    private Ran run(String job, String out, String... settings) {
        List<String> arguments = new ArrayList<>(List.of(
                job,
                "--out=" + folder.resolve(out),
                "--set=data.path=" + Fixture.images().folder(),
                "--set=training.epochs=1",
                "--set=training.global-batch=16"));
        for (String setting : settings) {
            arguments.add("--set=" + setting);
        }
        return Ran.of(arguments.toArray(String[]::new));
    }

    private static void assertMistake(Ran ran, String message) {
        assertThat(ran.err()).endsWith("error: " + message + "\n");
        assertThat(ran.code()).isEqualTo(2);
    }

    @Test
    void noJobTakesAModelWithWhatIsNoNumber() {
        String refusal = String.format(
                Locale.ROOT, "the model file:%s cannot be used: conv1.weight[0,1,0,1] is NaN", notANumber);

        assertMistake(run("evaluate", "e", "evaluate.model=" + notANumber), refusal);
        assertMistake(run("distill", "d", "distill.student=resnet8", "distill.teacher=" + notANumber), refusal);
        assertMistake(
                run("teacher", "t", "teacher.network=resnet8", "teacher.student=", "teacher.start-from=" + notANumber),
                refusal);
        for (String format : List.of("onnx", "safetensors")) {
            assertMistake(
                    Ran.of(
                            "export",
                            "--format=" + format,
                            "--model=" + notANumber,
                            "--out=" + folder.resolve("exported")),
                    refusal);
        }
        assertThat(folder.resolve("exported")).doesNotExist();
    }

    @Test
    void noJobTakesAModelWithANegativeVariance() {
        assertMistake(
                run("evaluate", "e", "evaluate.model=" + negative),
                String.format(Locale.ROOT, "the model file:%s cannot be used: %s[2] is -1.0", negative, NEGATIVE));
    }

    @ParameterizedTest
    @ValueSource(strings = {"bigdl", "onednn"})
    void aModelThatLeavesTheRangeOfFloatsIsNotEvaluated(String engine) {
        Ran ran = run("evaluate", "evaluated-" + engine, "evaluate.model=" + overflowing, "engine.name=" + engine);

        assertThat(ran.code()).isEqualTo(2);
        assertThat(ran.err())
                .matches("error: the model cannot be evaluated: its output for image \\d+ \\(.*\\) is NaN\n");
    }

    @ParameterizedTest
    @ValueSource(strings = {"bigdl", "onednn"})
    void aTeacherThatLeavesTheRangeOfFloatsDoesNotTeach(String engine) {
        assertMistake(
                run(
                        "distill",
                        "taught-" + engine,
                        "distill.student=resnet8",
                        "distill.teacher=" + overflowing,
                        "engine.name=" + engine),
                "the loss became NaN at iteration 1 in epoch 1; the run stops before that update: no update was made, so the teacher or the model to start from is to blame, or the images");
    }
}
