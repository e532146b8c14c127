package org.sftn.model;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.sftn.FuzzTestFiles;
import org.sftn.FuzzTestTarget;
import org.sftn.conf.Sha256;
import org.sftn.conf.UserException;
import org.sftn.nn.Shape;
import org.sftn.nn.Tensor;

/** Model folders of which nothing is known. */
public class ModelFuzzTest {
    private static final Configuration HADOOP = FuzzTestFiles.hadoop();
    private static final byte[] WEIGHTS = weights();

    public static List<FuzzTestTarget> targets() {
        return List.of(
                new FuzzTestTarget(
                        "model-weights",
                        List.of(WEIGHTS, empty()),
                        file -> Safetensors.read(new ByteArrayInputStream(file), file.length),
                        Set.of(IOException.class),
                        64 << 20),
                new FuzzTestTarget(
                        "reference-weights",
                        List.of(WEIGHTS, empty(), halves()),
                        file -> Safetensors.readWidened(new ByteArrayInputStream(file), file.length),
                        Set.of(IOException.class),
                        64 << 20),
                new FuzzTestTarget(
                        "model-json",
                        List.of(description()),
                        ModelFuzzTest::readModel,
                        Set.of(UserException.class),
                        64 << 20));
    }

    private static void readModel(byte[] json) throws IOException {
        FuzzTestFiles.hold(Map.of("model.json", json, "weights.safetensors", WEIGHTS));
        SavedModel model = SavedModel.read(FuzzTestFiles.root(), HADOOP);
        model.description().imageShape();
        model.description().classes();
    }

    private static byte[] weights() {
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        tensors.put("stem.conv.weight", Tensor.zeros(Shape.of(2, 3, 1, 1)));
        tensors.put("fc.bias", new Tensor(Shape.of(3), new float[] {1, 2, 3}));
        return bytes(new Safetensors(tensors, Map.of("architecture", "resnet8")));
    }

    private static byte[] empty() {
        return bytes(new Safetensors(Map.of(), Map.of()));
    }

    private static byte[] halves() {
        try (InputStream in = ModelFuzzTest.class.getResourceAsStream("/golden/halves.safetensors")) {
            return in.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static byte[] bytes(Safetensors content) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try {
            content.write(out);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return out.toByteArray();
    }

    private static byte[] description() {
        return String.format(Locale.ROOT, """
                {"format": 2, "architecture": "resnet8", "image": [3, 32, 32], "class_names": ["a", "b"],
                 "mean": [0.5, 0.5, 0.5], "standard_deviation": [0.25, 0.25, 0.25], "weights_sha256": "%s",
                 "provenance": {"job": "teacher"}, "unknown": [[{"a": []}]]}""", Sha256.of(WEIGHTS)).getBytes(StandardCharsets.UTF_8);
    }

    @ParameterizedTest
    @MethodSource("targets")
    void damagedFilesAreRefusedAsTheReaderSays(FuzzTestTarget target) throws Exception {
        target.replay(500, 1);
    }
}
