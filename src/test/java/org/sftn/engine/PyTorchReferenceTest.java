package org.sftn.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.sftn.conf.EngineSettings.Precision;
import org.sftn.engine.bigdl.BigDlEngine;
import org.sftn.engine.onednn.OneDnnEngine;
import org.sftn.nn.Network;
import org.sftn.nn.Shape;
import org.sftn.nn.Taps;
import org.sftn.nn.Tensor;
import org.sftn.zoo.NarrowNetworks;

/**
 * Against PyTorch in float64 from the same float32 weights. The golden file is made by {@code src/test/python/pytorch_reference.py},
 * which explains what it holds; a network joins by a row there.
 */
class PyTorchReferenceTest {
    /**
     * Of a tensor's difference to its norm. fp32 rounds at 6e-8 and the errors of a few dozen layers add up to 1e-6 to 3e-5; any wrong
     * term, epsilon or momentum shows above 1e-4.
     */
    private static final double TOLERANCE = 1e-4;

    private static final JsonNode GOLDEN = golden();
    private static final Map<Integer, double[]> VECTORS = new HashMap<>();

    static Stream<String> names() {
        Set<String> names = new HashSet<>();
        GOLDEN.get("networks").fieldNames().forEachRemaining(names::add);
        return names.stream().sorted();
    }

    @ParameterizedTest
    @MethodSource("names")
    void bigDlsStepAndTheEvaluationAfterItAreThoseOfPyTorch(String name) {
        aTrainingStepAndTheEvaluationAfterItAreThoseOfPyTorch(new BigDlEngine(2), name);
    }

    @ParameterizedTest
    @MethodSource("names")
    void oneDnnsStepAndTheEvaluationAfterItAreThoseOfPyTorch(String name) {
        aTrainingStepAndTheEvaluationAfterItAreThoseOfPyTorch(new OneDnnEngine(Precision.FP32, 2), name);
    }

    private static void aTrainingStepAndTheEvaluationAfterItAreThoseOfPyTorch(Engine engine, String name) {
        JsonNode expected = GOLDEN.get("networks").get(name);
        JsonNode settings = GOLDEN.get("settings").get(name);
        Shape image = shape(settings.get("image"));
        Network network = NarrowNetworks.create(
                        name, image, GOLDEN.get("classes").asInt())
                .network();
        int batch = GOLDEN.get("batch").asInt();
        Map<String, Tensor> images = Map.of(Taps.IMAGE, Reproducible.tensor("image", image.batched(batch), 4, 0));
        Set<String> compared = names(expected.get("training_taps"));

        try (TrainingExecutable training = engine.compileForTraining(network, compared, batch);
                Executable evaluation = engine.compileForInference(network, compared, batch)) {
            training.load(weights(network, settings.get("bias_mean").asDouble()));

            Map<String, Tensor> taps = training.forward(images);
            same("training_taps", expected, taps);

            double loss = 0;
            Map<String, Tensor> gradients = new HashMap<>();
            for (Map.Entry<String, JsonNode> each : GOLDEN.get("loss_taps").properties()) {
                String tap = each.getKey();
                Tensor gradient = Reproducible.tensor(
                        "gradient." + tap,
                        taps.get(tap).shape(),
                        each.getValue().asDouble(),
                        0);
                gradients.put(tap, gradient);
                loss += product(taps.get(tap).values(), gradient.values());
            }
            // The loss is a difference of large sums: its tolerance is of their size.
            assertThat(loss).isCloseTo(expected.get("loss").asDouble(), within(TOLERANCE * 100));

            training.backward(gradients);
            same("gradients", expected, NamedGradients.of(training));

            Map<String, Tensor> after = training.save();
            Map<String, Tensor> statistics = new LinkedHashMap<>();
            network.statistics().forEach(spec -> statistics.put(spec.name(), after.get(spec.name())));
            same("statistics", expected, statistics);

            evaluation.load(after);
            Map<String, Tensor> evaluated = evaluation.forward(images);
            same("evaluation_taps", expected, evaluated);
            sameLogits(expected.get("evaluation_logits"), evaluated.get(Taps.LOGITS));
        }
    }

    private static Shape shape(JsonNode dimensions) {
        return Shape.of(IntStream.range(0, dimensions.size())
                .map(i -> dimensions.get(i).asInt())
                .toArray());
    }

    private static Map<String, Tensor> weights(Network network, double biasMean) {
        Map<String, Tensor> weights = new HashMap<>();
        Stream.concat(network.parameters().stream(), network.statistics().stream())
                .forEach(spec -> weights.put(
                        spec.name(),
                        spec.name().endsWith(".bias")
                                ? Reproducible.tensor(spec.name(), spec.shape(), 0.2, biasMean)
                                : Reproducible.parameter(spec.name(), spec.shape())));
        return weights;
    }

    private static Set<String> names(JsonNode all) {
        Set<String> names = new HashSet<>();
        all.fieldNames().forEachRemaining(names::add);
        return names;
    }

    private static void same(String what, JsonNode expected, Map<String, Tensor> actual) {
        JsonNode all = expected.get(what);
        assertThat(actual.keySet()).as(what).isEqualTo(names(all));
        actual.forEach((name, tensor) -> assertThat(relativeError(name, all, tensor))
                .as("relative error of %s %s", what, name)
                .isLessThan(TOLERANCE));
    }

    /** The largest of what norm, entries and products with random vectors say about the difference to the reference. */
    private static double relativeError(String name, JsonNode all, Tensor actual) {
        JsonNode expected = all.get(name);
        float[] values = actual.values();
        assertThat(actual.shape().dimensions())
                .hasToString(expected.get("shape").toString().replace(",", ", "));
        double norm = expected.get("norm").asDouble();
        if (norm == 0) {
            // The gradient of a bias that batch-norm takes away again: its weight's shows the size of what is summed.
            double size =
                    all.get(name.replaceAll("bias$", "weight")).get("norm").asDouble();
            return Math.sqrt(product(values, values)) / size;
        }
        double error = Math.abs(Math.sqrt(product(values, values)) - norm) / norm;
        double size = norm / Math.sqrt(values.length);
        for (int i = 0; i < 8; i++) {
            double entry = expected.get("entries").get(i).asDouble();
            double difference = Math.abs(values[(int) ((long) i * (values.length - 1) / 7)] - entry);
            error = Math.max(error, difference / Math.max(size, Math.abs(entry)));
        }
        double squares = 0;
        for (int k = 0; k < 8; k++) {
            double[] vector = vector(k, values.length);
            double product = 0;
            for (int i = 0; i < values.length; i++) {
                product += vector[i] * values[i];
            }
            squares += Math.pow(product - expected.get("products").get(k).asDouble(), 2);
        }
        // 1/12 is the variance of the vectors' entries.
        return Math.max(error, Math.sqrt(squares / 8 * 12) / norm);
    }

    private static double[] vector(int k, int length) {
        double[] vector = VECTORS.get(k);
        if (vector == null || vector.length < length) {
            vector = Reproducible.values("product" + k, length);
            VECTORS.put(k, vector);
        }
        return vector;
    }

    private static void sameLogits(JsonNode rows, Tensor logits) {
        double difference = 0;
        double squares = 0;
        int i = 0;
        for (JsonNode row : rows) {
            for (JsonNode value : row) {
                difference += Math.pow(value.asDouble() - logits.values()[i++], 2);
                squares += Math.pow(value.asDouble(), 2);
            }
        }
        assertThat(i).isEqualTo(logits.values().length);
        assertThat(Math.sqrt(difference / squares)).isLessThan(TOLERANCE);
    }

    private static double product(float[] a, float[] b) {
        double product = 0;
        for (int i = 0; i < a.length; i++) {
            product += (double) a[i] * b[i];
        }
        return product;
    }

    private static JsonNode golden() {
        try (InputStream in = PyTorchReferenceTest.class.getResourceAsStream("/golden/pytorch_networks.json")) {
            return new ObjectMapper().readTree(in);
        } catch (IOException e) {
            throw new ExceptionInInitializerError(e);
        }
    }
}
