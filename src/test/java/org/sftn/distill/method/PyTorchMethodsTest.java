package org.sftn.distill.method;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.sftn.conf.Settings;
import org.sftn.data.Batch;
import org.sftn.distill.DistillationMethod;
import org.sftn.distill.MethodContext;
import org.sftn.distill.MethodLoss;
import org.sftn.distill.Pair;
import org.sftn.distill.Recipe;
import org.sftn.engine.Arithmetic;
import org.sftn.engine.Engine;
import org.sftn.engine.Executable;
import org.sftn.engine.NamedGradients;
import org.sftn.engine.Reproducible;
import org.sftn.engine.TrainingExecutable;
import org.sftn.engine.bigdl.BigDlEngine;
import org.sftn.engine.mkl.MklArithmetic;
import org.sftn.nn.Network;
import org.sftn.nn.Shape;
import org.sftn.nn.Tensor;
import org.sftn.train.RankLabels;
import org.sftn.zoo.Architecture;

/**
 * Modules and losses together against PyTorch in float64 from the same float32 values. The golden file is made by {@code
 * src/test/python/pytorch_methods.py}, which explains what it holds.
 */
class PyTorchMethodsTest {
    /** Of a loss, and of a gradient's difference to its norm: some layers of fp32, which rounds at 6e-8. */
    private static final double TOLERANCE = 1e-5;

    private static final int AFTER_WARM_UP = 30;
    private static final JsonNode GOLDEN = golden();
    private static final int BATCH = GOLDEN.get("batch").asInt();

    static Stream<JsonNode> contexts() {
        return StreamSupport.stream(GOLDEN.get("contexts").spliterator(), false);
    }

    @ParameterizedTest
    @MethodSource("contexts")
    void theHierarchicalContextIsThatOfPyTorch(JsonNode golden) {
        Shape shape = shape(golden.get("shape"));
        try (Arithmetic arithmetic = new MklArithmetic(2)) {
            StudentLoss context = ReviewKd.context(
                    arithmetic,
                    1,
                    Reproducible.tensor("student", shape, 4, 0),
                    Reproducible.tensor("teacher", shape, 4, 0));
            double loss = golden.get("loss").asDouble();
            assertThat(context.value()).isCloseTo(loss, within(TOLERANCE * loss));
            same("the map", golden.get("gradient"), context.gradient());
        }
    }

    static Stream<JsonNode> cases() {
        return StreamSupport.stream(GOLDEN.get("cases").spliterator(), false);
    }

    @ParameterizedTest
    @MethodSource("cases")
    void aModulesLossAndGradientsAreThoseOfPyTorch(JsonNode golden) {
        String method = golden.get("method").asText();
        Pair pair = pair(golden);
        Settings settings =
                Settings.of(List.of(Settings.assignments(Map.of("distill.method", method.split(" ")[0]), "test")));
        Recipe recipe = Methods.recipe(settings, pair);
        DistillationMethod main = recipe.terms().values().iterator().next();
        switch (method) {
            case "ft preliminary" -> {
                DistillationMethod preliminary =
                        main.preliminary().orElseThrow().method();
                check(golden, preliminary, preliminary.module().orElseThrow());
            }
            case "simkd" -> {
                List<Network> stages = recipe.student().stages();
                check(golden, main, stages.get(stages.size() - 1));
            }
            default -> check(golden, main, main.module().orElseThrow());
        }
    }

    private static void check(JsonNode golden, DistillationMethod method, Network trained) {
        Engine engine = new BigDlEngine(2);
        RankLabels shard = new RankLabels(new long[BATCH], () -> new int[BATCH], BATCH, 1);
        try (TrainingExecutable training =
                        engine.compileForTraining(trained, trained.taps().keySet(), BATCH);
                Arithmetic arithmetic = engine.arithmetic()) {
            training.load(parameters(trained));
            Map<String, Tensor> values = values(method, engine, golden);
            training.forward(maps(trained)).forEach((tap, value) -> {
                values.put(DistillationMethod.MODULE + tap, value);
                values.put(DistillationMethod.STUDENT + tap, value);
            });
            MethodLoss.Term term = method.open(new MethodContext(shard, arithmetic))
                    .loss(
                            values,
                            new Batch(values.values().iterator().next(), new int[BATCH], new long[BATCH]),
                            AFTER_WARM_UP);
            double loss = golden.get("loss").asDouble();
            assertThat(term.value()).isCloseTo(loss, within(TOLERANCE * loss));
            Map<String, Tensor> gradients = new HashMap<>();
            term.gradients().forEach((name, value) -> gradients.put(name.substring(name.indexOf('.') + 1), value));
            training.backward(gradients);
            Map<String, Tensor> found = NamedGradients.of(training);
            JsonNode expected = golden.get("gradients");
            assertThat(found).hasSize(expected.size());
            expected.properties().forEach(each -> same(each.getKey(), each.getValue(), found.get(each.getKey())));
        }
    }

    /** The teacher's values and those behind it. */
    private static Map<String, Tensor> values(DistillationMethod method, Engine engine, JsonNode golden) {
        Map<String, Tensor> values = new HashMap<>();
        Network teacher = architecture("teacher", golden.get("teacher")).network();
        for (String need : method.needs()) {
            if (need.startsWith(DistillationMethod.TEACHER)) {
                Shape shape = teacher.tapShape(need.substring(DistillationMethod.TEACHER.length()));
                values.put(need, Reproducible.tensor(need, shape.batched(BATCH), 4, 0));
            }
        }
        method.frozen().ifPresent(frozen -> {
            try (Executable executable =
                    engine.compileForInference(frozen, frozen.taps().keySet(), BATCH)) {
                executable.load(parameters(frozen));
                executable
                        .forward(maps(frozen))
                        .forEach((tap, value) -> values.put(DistillationMethod.FROZEN + tap, copy(value)));
            }
        });
        return values;
    }

    private static Tensor copy(Tensor tensor) {
        return new Tensor(tensor.shape(), tensor.values().clone());
    }

    private static Map<String, Tensor> maps(Network network) {
        Map<String, Tensor> maps = new HashMap<>();
        network.inputs()
                .forEach((name, shape) -> maps.put(name, Reproducible.tensor(name, shape.batched(BATCH), 4, 0)));
        return maps;
    }

    private static Map<String, Tensor> parameters(Network network) {
        Map<String, Tensor> values = new HashMap<>(network.initialValues(1));
        network.parameters()
                .forEach(spec -> values.put(spec.name(), Reproducible.parameter(spec.name(), spec.shape())));
        return values;
    }

    private static Pair pair(JsonNode golden) {
        Architecture teacher = architecture("teacher", golden.get("teacher"));
        return new Pair(
                Optional.of(new Pair.Teacher(teacher, teacher.network().initialValues(1))),
                architecture("student", golden.get("student")));
    }

    private static Architecture architecture(String name, JsonNode stages) {
        List<Shape> shapes = new ArrayList<>();
        stages.forEach(stage -> shapes.add(Shape.of(
                stage.get(0).asInt(), stage.get(1).asInt(), stage.get(1).asInt())));
        return Architectures.of(name, shapes);
    }

    private static void same(String what, JsonNode golden, Tensor actual) {
        assertThat(actual.shape()).as(what).isEqualTo(shape(golden.get("shape")));
        JsonNode data = golden.get("data");
        double difference = 0;
        double norm = 0;
        for (int i = 0; i < data.size(); i++) {
            difference += Math.pow(actual.values()[i] - data.get(i).asDouble(), 2);
            norm += Math.pow(data.get(i).asDouble(), 2);
        }
        assertThat(Math.sqrt(difference)).as("gradient of " + what).isLessThanOrEqualTo(TOLERANCE * Math.sqrt(norm));
    }

    private static Shape shape(JsonNode dimensions) {
        return Shape.of(IntStream.range(0, dimensions.size())
                .map(i -> dimensions.get(i).asInt())
                .toArray());
    }

    private static JsonNode golden() {
        try (InputStream in = PyTorchMethodsTest.class.getResourceAsStream("/golden/pytorch_methods.json")) {
            return new ObjectMapper().readTree(in);
        } catch (IOException e) {
            throw new ExceptionInInitializerError(e);
        }
    }
}
