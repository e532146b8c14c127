package org.sftn.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.sftn.conf.Sha256;
import org.sftn.conf.UserException;
import org.sftn.nn.Shape;
import org.sftn.nn.Tensor;
import org.sftn.zoo.Architecture;
import org.sftn.zoo.Zoo;

/** {@code halves.safetensors} is of the safetensors library, made by {@code src/test/python/reference_weights.py}. */
class ReferenceWeightsTest {
    private static final Configuration HADOOP = new Configuration();
    private static final Shape IMAGE = Shape.of(3, 32, 32);

    @TempDir
    private Path folder;

    private org.apache.hadoop.fs.Path path(String name) {
        return new org.apache.hadoop.fs.Path(folder.resolve(name).toUri());
    }

    private static SavedModel model(Architecture architecture) {
        return new SavedModel(
                new ModelDescription(
                        ModelDescription.FORMAT,
                        architecture.name(),
                        architecture.image().dimensions(),
                        Collections.nCopies(architecture.classes(), "a class"),
                        List.of(.5, .4, .3),
                        List.of(.1, .2, .3),
                        "0123abcd",
                        Map.of()),
                architecture.network().initialValues(7));
    }

    private org.apache.hadoop.fs.Path written(String name, Map<String, Tensor> tensors) throws IOException {
        try (OutputStream out = Files.newOutputStream(folder.resolve(name))) {
            new Safetensors(tensors, Map.of()).write(out);
        }
        return path(name);
    }

    private static Map<String, Tensor> renamed(Map<String, Tensor> values, UnaryOperator<String> names) {
        Map<String, Tensor> renamed = new LinkedHashMap<>();
        values.forEach((name, tensor) -> renamed.put(names.apply(name), tensor));
        return renamed;
    }

    private static void assertSame(Map<String, Tensor> actual, Map<String, Tensor> expected) {
        assertThat(actual.keySet()).containsExactlyElementsOf(expected.keySet());
        expected.forEach((name, tensor) -> {
            assertThat(actual.get(name).shape()).as(name).isEqualTo(tensor.shape());
            assertThat(actual.get(name).values()).as(name).isEqualTo(tensor.values());
        });
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "resnet8",
                "resnet50_32",
                "wrn_16_1",
                "vgg8",
                "mobilenet_v2_32",
                "shufflenet_v1_32",
                "shufflenet_v2_32",
                "resnet18",
                "mobilenet_v2",
                "shufflenet_v2_x1_0",
                "resnet8+resnet14"
            })
    void whatIsWrittenIsReadAgainBitForBit(String name) throws IOException {
        Architecture architecture = Zoo.create(name, IMAGE, 5);
        SavedModel model = model(architecture);

        write(model);
        ReferenceWeights read = ReferenceWeights.read(path("weights"), architecture, HADOOP);

        assertSame(read.values(), model.values());
        assertThat(read.metadata())
                .containsEntry("architecture", name)
                .containsEntry("format", "pt")
                .containsEntry("model", "0123abcd");
        assertThat(read.classNames()).isEqualTo(model.description().classNames());
        assertThat(read.sha256()).isEqualTo(Sha256.of(Files.readAllBytes(folder.resolve("weights"))));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "cat, dog", "[\"cat\", null]", "null", "[[\"cat\"]]"})
    void namesOfClassesThatCannotBeReadAreRefused(String names) throws IOException {
        Architecture architecture = Zoo.create("resnet8", IMAGE, 5);
        try (OutputStream out = Files.newOutputStream(folder.resolve("weights"))) {
            new Safetensors(model(architecture).values(), Map.of("class_names", names)).write(out);
        }

        assertThatThrownBy(() -> ReferenceWeights.read(path("weights"), architecture, HADOOP))
                .isInstanceOf(UserException.class)
                .hasMessage(String.format(
                        Locale.ROOT,
                        "the weights %s cannot be used: class_names in their metadata is no list of names",
                        path("weights")));
    }

    private void write(SavedModel model) throws IOException {
        try (OutputStream out = Files.newOutputStream(folder.resolve("weights"))) {
            ReferenceWeights.write(model, out);
        }
    }

    @Test
    void theFileHasTheReferencesNamesAndNoOthers() throws IOException {
        Architecture architecture = Zoo.create("resnet8", IMAGE, 5);

        write(model(architecture));

        byte[] bytes = Files.readAllBytes(folder.resolve("weights"));
        assertThat(Safetensors.read(new ByteArrayInputStream(bytes), bytes.length)
                        .tensors()
                        .keySet())
                .contains("conv1.weight", "layer2.0.downsample.1.running_var", "fc.bias")
                .noneMatch(name -> name.startsWith("stage"));
    }

    @Test
    void ourNamesAreReadToo() throws IOException {
        Architecture architecture = Zoo.create("vgg8", IMAGE, 5);
        Map<String, Tensor> values = architecture.network().initialValues(7);

        assertSame(
                ReferenceWeights.read(written("ours", values), architecture, HADOOP)
                        .values(),
                values);
    }

    @Test
    void allThatDoesNotMatchIsNamedAtOnce() throws IOException {
        Architecture architecture = Zoo.create("resnet8", IMAGE, 5);
        Map<String, Tensor> tensors = renamed(architecture.network().initialValues(7), architecture::referenceName);
        tensors.remove("layer3.0.bn2.bias");
        tensors.remove("conv1.weight");
        tensors.put("fc.weight", Tensor.zeros(Shape.of(100, 64)));
        tensors.put("layer9.\u001b[31m", Tensor.zeros(Shape.of(1)));

        assertThatThrownBy(() -> ReferenceWeights.read(written("other", tensors), architecture, HADOOP))
                .isInstanceOf(UserException.class)
                .hasMessage(String.format(Locale.ROOT, """
                        the weights %s are not those of resnet8 with 5 classes for images of 3x32x32:
                          missing: conv1.weight (16x3x3x3), layer3.0.bn2.bias (64)
                          unknown to the network: layer9.\\u001B[31m
                          of another shape: fc.weight is 100x64, not 5x64""", path("other")));
    }

    @Test
    void ofManyNamesTheFirstAreListed() throws IOException {
        Architecture architecture = Zoo.create("resnet8", IMAGE, 5);
        Map<String, Tensor> tensors = renamed(architecture.network().initialValues(7), name -> "module." + name);

        assertThatThrownBy(() -> ReferenceWeights.read(written("parallel", tensors), architecture, HADOOP))
                .isInstanceOf(UserException.class)
                .hasMessageMatching("""
                        (?s)the weights .* with 5 classes for images of 3x32x32:
                          missing: conv1.weight \\(16x3x3x3\\), bn1.weight \\(16\\), .* and 37 more
                          unknown to the network: module.bn1.bias, module.bn1.running_mean, .* and 37 more""");
    }

    @Test
    void aModelOfOtherValuesIsNotWritten() {
        SavedModel model = model(Zoo.create("resnet8", IMAGE, 5));
        SavedModel lacking = new SavedModel(model.description(), Map.of());

        ByteArrayOutputStream out = new ByteArrayOutputStream();
        assertThatThrownBy(() -> ReferenceWeights.write(lacking, out))
                .isInstanceOf(UserException.class)
                .hasMessageStartingWith("the values of the model are not those of resnet8 with 5 classes");
        assertThat(out.size()).isZero();
    }

    @Test
    void whatIsNoFileOfWeightsIsRefused() throws IOException {
        Architecture architecture = Zoo.create("resnet8", IMAGE, 5);
        Files.writeString(folder.resolve("text"), "no safetensors");

        assertThatThrownBy(() -> ReferenceWeights.read(path("no"), architecture, HADOOP))
                .isInstanceOf(UserException.class)
                .hasMessage(String.format(Locale.ROOT, "there are no weights in %s: it is no file", path("no")));
        assertThatThrownBy(() -> ReferenceWeights.read(path("text"), architecture, HADOOP))
                .isInstanceOf(UserException.class)
                .hasMessageStartingWith(String.format(
                        Locale.ROOT, "the weights %s cannot be used: not a safetensors file: ", path("text")));
    }

    @Test
    void numbersOf16BitsAreWidenedAsPyTorchDoes() throws IOException {
        Map<String, Tensor> tensors = halves().tensors();

        assertThat(tensors).containsOnlyKeys("float16", "float16.widened", "bfloat16", "bfloat16.widened");
        for (String kind : List.of("float16", "bfloat16")) {
            assertThat(tensors.get(kind).values())
                    .hasSizeGreaterThan(50)
                    .containsExactly(tensors.get(kind + ".widened").values());
        }
    }

    @Test
    void ourOwnFilesHoldNoNumbersOf16Bits() throws IOException {
        byte[] file = resource("halves.safetensors");

        assertThatThrownBy(() -> Safetensors.read(new ByteArrayInputStream(file), file.length))
                .isInstanceOf(IOException.class)
                .hasMessageMatching("tensor '.*' is no F32 tensor with a shape and offsets: .*\"(F16|BF16|I64)\".*");
    }

    @ParameterizedTest
    @ValueSource(strings = {"F64", "I64", "I32"})
    void tensorsOfOtherKindsAreRefusedByName(String kind) {
        String header = String.format(
                Locale.ROOT, "{\"conv1.weight\":{\"dtype\":\"%s\",\"shape\":[1],\"data_offsets\":[0,8]}}      ", kind);
        byte[] file = ByteBuffer.allocate(8 + header.length() + 8)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(header.length())
                .put(header.getBytes(StandardCharsets.US_ASCII))
                .array();

        assertThatThrownBy(() -> Safetensors.readWidened(new ByteArrayInputStream(file), file.length))
                .isInstanceOf(IOException.class)
                .hasMessageStartingWith(String.format(
                        Locale.ROOT,
                        "tensor 'conv1.weight' is no F32, F16 or BF16 tensor with a shape and offsets: {\"dtype\":\"%s\"",
                        kind));
    }

    private static Safetensors halves() throws IOException {
        byte[] file = resource("halves.safetensors");
        return Safetensors.readWidened(new ByteArrayInputStream(file), file.length);
    }

    private static byte[] resource(String name) throws IOException {
        try (InputStream in = ReferenceWeightsTest.class.getResourceAsStream("/golden/" + name)) {
            return in.readAllBytes();
        }
    }
}
