package org.sftn.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.apache.commons.codec.digest.DigestUtils;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.sftn.conf.EngineSettings.Precision;
import org.sftn.engine.Engine;
import org.sftn.engine.Executable;
import org.sftn.engine.bigdl.BigDlEngine;
import org.sftn.engine.onednn.OneDnnEngine;
import org.sftn.model.Safetensors;
import org.sftn.model.SavedModel;
import org.sftn.nn.Network;
import org.sftn.nn.Taps;
import org.sftn.nn.Tensor;

/** Weights of a network of RepDistiller, made by {@code src/test/python/reference_weights.py} with the safetensors library. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ImportTest {
    private static final Path GOLDEN = Path.of("src/test/resources/golden");
    private static final Path WEIGHTS = GOLDEN.resolve("repdistiller_resnet8.safetensors");
    private static final Configuration HADOOP = new Configuration();

    private Path folder;
    private Path data;
    private Path imported;
    private Ran ran;

    @BeforeAll
    void importOnce(@TempDir Path temporary) {
        folder = temporary;
        data = folder.resolve("data");
        imported = folder.resolve("imported");
        succeed(run(
                "prepare",
                data,
                "prepare.generated.classes=10",
                "prepare.generated.train-images=32",
                "prepare.generated.test-images=20",
                "prepare.image-size=32"));
        ran = succeed(importing(WEIGHTS, imported, "resnet8"));
    }

    private Ran importing(Path weights, Path out, String network, String... more) {
        List<String> arguments =
                new ArrayList<>(List.of("import", "--weights=" + weights, "--network=" + network, "--out=" + out));
        arguments.addAll(List.of(more));
        if (arguments.stream().noneMatch(argument -> argument.startsWith("--data="))) {
            arguments.add("--data=" + data);
        }
        return Ran.of(arguments.toArray(String[]::new));
    }

    private static Ran run(String job, Path out, String... settings) {
        List<String> arguments = new ArrayList<>(List.of(job, "--out", out.toString()));
        for (String setting : settings) {
            arguments.addAll(List.of("--set", setting));
        }
        return Ran.of(arguments.toArray(String[]::new));
    }

    private static Ran succeed(Ran ran) {
        assertThat(ran.code()).as(ran.err()).isZero();
        return ran;
    }

    private static void assertMistake(Ran ran, String message) {
        assertThat(ran.err()).isEqualTo("error: " + message + "\n");
        assertThat(ran.code()).isEqualTo(2);
        assertThat(ran.out()).isEmpty();
    }

    private static SavedModel model(Path folder) throws IOException {
        return SavedModel.read(hadoop(folder), HADOOP);
    }

    private static org.apache.hadoop.fs.Path hadoop(Path path) {
        return new org.apache.hadoop.fs.Path(path.toUri());
    }

    @Test
    void oneDnnsLogitsOfImportedWeightsAreThoseOfPyTorch() throws IOException {
        theLogitsOfImportedWeightsAreThoseOfPyTorch(new OneDnnEngine(Precision.FP32, 2));
    }

    @Test
    void bigDlsLogitsOfImportedWeightsAreThoseOfPyTorch() throws IOException {
        theLogitsOfImportedWeightsAreThoseOfPyTorch(new BigDlEngine(2));
    }

    private void theLogitsOfImportedWeightsAreThoseOfPyTorch(Engine engine) throws IOException {
        Path file = GOLDEN.resolve("repdistiller_resnet8_logits.safetensors");
        Map<String, Tensor> golden =
                Safetensors.read(Files.newInputStream(file), Files.size(file)).tensors();
        float[] expected = golden.get("logits").values();
        SavedModel model = model(imported);
        Network network = Inputs.architecture(model.description()).network();

        try (Executable executable = engine.compileForInference(network, Set.of(Taps.LOGITS), 2)) {
            executable.load(model.values());
            float[] actual = executable
                    .forward(Map.of(Taps.IMAGE, golden.get("images")))
                    .get(Taps.LOGITS)
                    .values();

            assertThat(actual).hasSameSizeAs(expected);
            for (int i = 0; i < expected.length; i++) {
                // Of logits around 1; PyTorch's are of float64. fp32's rounding adds up to 1e-6 in so few layers, and a
                // value at
                // a wrong place shows in the first digit.
                assertThat(actual[i]).as("logit %d", i).isCloseTo(expected[i], within(1e-4f));
            }
        }
    }

    @Test
    void theModelSaysWhereItComesFrom() throws IOException {
        JsonNode manifest = new ObjectMapper().readTree(Files.readString(data.resolve("manifest.json")));
        SavedModel model = model(imported);

        assertThat(ran.out())
                .isEqualTo("import done: resnet8, 78,042 parameters, 10 classes of images of 3x32x32, model in file:"
                        + imported + "\n");
        assertThat(model.description().architecture()).isEqualTo("resnet8");
        assertThat(model.description().image()).containsExactly(3, 32, 32);
        assertThat(model.description().classNames())
                .extracting(name -> "\"" + name + "\"")
                .hasToString(manifest.get("class_names").toString().replace(",", ", "));
        assertThat(model.description().mean())
                .hasToString(manifest.get("mean").toString().replace(",", ", "));
        assertThat(model.description().standardDeviation())
                .hasToString(manifest.get("standard_deviation").toString().replace(",", ", "));
        assertThat(model.description().provenance())
                .containsEntry("job", "import")
                .containsEntry("weights", "repdistiller_resnet8.safetensors")
                .containsEntry("weights-sha256", sha256(WEIGHTS))
                .containsKeys("code_version", "dataset");
        assertThat(model.description().provenance().get("weights-metadata")).contains("format=pt", "epoch=240");
    }

    private static String sha256(Path file) throws IOException {
        return DigestUtils.sha256Hex(Files.readAllBytes(file));
    }

    @Test
    void whatIsExportedAgainIsTheFileWithoutCounters() throws IOException {
        Path exported = folder.resolve("exported.safetensors");

        succeed(Ran.of("export", "--format=safetensors", "--model=" + imported, "--out=" + exported));

        Map<String, Tensor> before = Safetensors.readWidened(Files.newInputStream(WEIGHTS), Files.size(WEIGHTS))
                .tensors();
        Map<String, Tensor> after = Safetensors.read(Files.newInputStream(exported), Files.size(exported))
                .tensors();
        assertThat(after.keySet()).containsExactlyInAnyOrderElementsOf(before.keySet());
        before.forEach(
                (name, tensor) -> assertThat(after.get(name).values()).as(name).isEqualTo(tensor.values()));
    }

    @Test
    void exportedWeightsAreImportedForTheirOwnClassesOnly() throws IOException {
        Path exported = folder.resolve("named.safetensors");
        Path out = folder.resolve("of-others");
        Path others = Files.createDirectory(folder.resolve("others"));
        Path nameless = Files.createDirectory(folder.resolve("nameless"));
        ObjectNode manifest = (ObjectNode) new ObjectMapper().readTree(Files.readString(data.resolve("manifest.json")));
        List<String> names = model(imported).description().classNames();
        ArrayNode reversed = manifest.putArray("class_names");
        names.forEach(name -> reversed.insert(0, name));
        Files.writeString(others.resolve("manifest.json"), manifest.toString());
        ArrayNode none = manifest.putArray("class_names");
        names.forEach(name -> none.add("class " + none.size()));
        Files.writeString(nameless.resolve("manifest.json"), manifest.toString());
        succeed(Ran.of("export", "--format=safetensors", "--model=" + imported, "--out=" + exported));

        assertMistake(
                importing(exported, out, "resnet8", "--data=" + others),
                String.format(
                        Locale.ROOT,
                        "label 0 is '%s' in the data set %s (--data) and '%s' in the weights %s (--weights): both must have the same classes in the same order",
                        names.get(9),
                        others,
                        names.get(0),
                        exported));
        assertThat(out).doesNotExist();
        succeed(importing(exported, out, "resnet8", "--data=" + nameless));
        assertThat(model(out).description().classNames()).isEqualTo(names);
    }

    @Test
    void aTeacherStartsFromImportedWeightsAndTheirNormalization() throws IOException {
        Path normalized = folder.resolve("normalized");
        Path teacher = folder.resolve("teacher");
        succeed(importing(WEIGHTS, normalized, "resnet8", "--mean=0.5,0.25,0", "--standard-deviation=0.25,0.5,1"));

        succeed(run(
                "teacher",
                teacher,
                "data.path=" + data,
                "teacher.network=resnet8",
                "teacher.student=resnet8",
                "teacher.start-from=" + normalized,
                "training.epochs=1",
                "training.global-batch=16",
                "training.learning-rate=1e-9"));

        SavedModel start = model(normalized);
        SavedModel trained = model(teacher.resolve("model"));
        assertThat(start.description().mean()).containsExactly(0.5, 0.25, 0.0);
        assertThat(trained.description().mean()).isEqualTo(start.description().mean());
        assertThat(trained.description().standardDeviation()).containsExactly(0.25, 0.5, 1.0);
        Inputs.architecture(start.description()).network().parameters().forEach(spec -> {
            float[] before = start.values().get(spec.name()).values();
            float[] after = trained.values().get(spec.name()).values();
            for (int i = 0; i < before.length; i++) {
                // Two steps of this learning rate; fresh values differ by 0.1.
                assertThat(after[i]).as(spec.name()).isCloseTo(before[i], within(1e-5f));
            }
        });
    }

    @Test
    void aStudentLearnsFromImportedWeights() throws IOException {
        Path student = folder.resolve("student");

        succeed(run(
                "distill",
                student,
                "data.path=" + data,
                "distill.teacher=" + imported,
                "distill.student=resnet8",
                "training.epochs=1",
                "training.global-batch=16"));

        JsonNode result = new ObjectMapper().readTree(Files.readString(student.resolve("result.json")));
        assertThat(result.get("input_model").asText())
                .isEqualTo(model(imported).description().weightsSha256());
    }

    @Test
    void weightsOfAnotherNetworkAreRefused() {
        Path out = folder.resolve("other-network");

        Ran other = importing(WEIGHTS, out, "resnet14");

        assertThat(other.code()).isEqualTo(2);
        assertThat(other.err()).startsWith(String.format(Locale.ROOT, """
                error: the weights file:%s are not those of resnet14 with 10 classes for images of 3x32x32:
                  missing: layer1.1.conv1.weight (16x16x3x3),""", WEIGHTS.toAbsolutePath()));
        assertThat(out).doesNotExist();
    }

    @ParameterizedTest
    @CsvSource({
        "conv1.weight, 421, NaN, 'conv1.weight[15,1,2,1]'",
        "layer2.0.bn1.weight, 1, Infinity, layer2.0.bn1.weight[1]",
        "fc.bias, 9, -Infinity, fc.bias[9]",
        "layer1.0.bn2.running_mean, 0, NaN, layer1.0.bn2.running_mean[0]",
        "layer1.0.bn2.running_var, 15, -0.25, layer1.0.bn2.running_var[15]"
    })
    void valuesThatNoNetworkCanHaveAreRefused(String name, int place, float value, String said) throws IOException {
        Map<String, Tensor> values = Safetensors.readWidened(Files.newInputStream(WEIGHTS), Files.size(WEIGHTS))
                .tensors();
        values.get(name).values()[place] = value;
        Path file = folder.resolve(name + ".safetensors");
        try (OutputStream to = Files.newOutputStream(file)) {
            new Safetensors(values, Map.of()).write(to);
        }
        Path out = folder.resolve("refused-" + name);

        assertMistake(
                importing(file, out, "resnet8"),
                String.format(Locale.ROOT, "the weights file:%s cannot be used: %s is %s", file, said, value));
        assertThat(out).doesNotExist();
    }

    @Test
    void whatCannotBeUsedIsRefused() {
        Path out = folder.resolve("refused");

        assertMistake(
                importing(WEIGHTS, imported, "resnet8"),
                String.format(Locale.ROOT, "the model cannot be written to file:%s: it exists", imported));
        Path below = imported.resolve("model.json/below");
        assertMistake(
                importing(WEIGHTS, below, "resnet8"),
                String.format(
                        Locale.ROOT, "--out file:%s cannot be written: file:%s is a file", below, below.getParent()));
        assertMistake(
                importing(folder.resolve("no"), out, "resnet8"),
                String.format(Locale.ROOT, "there are no weights in file:%s: it is no file", folder.resolve("no")));
        assertMistake(
                importing(WEIGHTS, out, "resnet8", "--mean=1,2,3", "--standard-deviation=1,1,1"),
                "--mean and --standard-deviation cannot be used: values cannot be normalized by mean [1.0, 2.0, 3.0] and deviation [1.0, 1.0, 1.0]");
        Ran half = importing(WEIGHTS, out, "resnet8", "--mean=0,0,0");
        assertThat(half.code()).isEqualTo(1);
        assertThat(half.err()).contains("--standard-deviation=R,G,B");
        assertThat(out).doesNotExist();
    }
}
