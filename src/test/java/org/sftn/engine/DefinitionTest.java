package org.sftn.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.sftn.conf.EngineSettings.Precision;
import org.sftn.conf.UserException;
import org.sftn.engine.bigdl.BigDlEngine;
import org.sftn.engine.onednn.OneDnnEngine;
import org.sftn.nn.Add;
import org.sftn.nn.AveragePool;
import org.sftn.nn.ChannelShuffle;
import org.sftn.nn.ChannelSlice;
import org.sftn.nn.Concat;
import org.sftn.nn.Flatten;
import org.sftn.nn.Network;
import org.sftn.nn.ParameterVector;
import org.sftn.nn.Shape;
import org.sftn.nn.Tensor;
import org.sftn.nn.Upsample;

/** Layers that move values, against what their descriptions say. */
class DefinitionTest {
    private static final int CHANNELS = 6;
    private static final int HEIGHT = 4;
    private static final int WIDTH = 5;
    private static final int BATCH = 5;
    private static final Network NETWORK = network();

    private enum Kind {
        BIGDL,
        ONEDNN_FP32,
        ONEDNN_BF16;

        Engine engine() {
            try {
                return switch (this) {
                    case BIGDL -> new BigDlEngine(2);
                    case ONEDNN_FP32 -> new OneDnnEngine(Precision.FP32, 2);
                    case ONEDNN_BF16 -> new OneDnnEngine(Precision.BF16, 2);
                };
            } catch (UserException e) {
                assumeTrue(false, e.getMessage());
                throw e;
            }
        }
    }

    /** A value of a feature map. */
    @FunctionalInterface
    private interface Definition {
        double at(int image, int channel, int y, int x);
    }

    private static Network network() {
        Network.Builder b = Network.builder();
        String map = b.input("map", Shape.of(CHANNELS, HEIGHT, WIDTH));
        String side = b.input("side", Shape.of(2, HEIGHT, WIDTH));
        return b.tap("concat", b.add("concat", new Concat(), map, side, map))
                .tap("slice", b.add("slice", new ChannelSlice(2, 3), map))
                .tap("overlapping", b.add("overlapping", new ChannelSlice(4, 2), map))
                .tap("disjoint", b.add("disjoint", new ChannelSlice(0, 1), map))
                .tap("shuffle2", b.add("shuffle2", new ChannelShuffle(2), map))
                .tap("shuffle3", b.add("shuffle3", new ChannelShuffle(3), map))
                .tap("average", b.add("average", new AveragePool(3, 2, 1), map))
                .tap("up", b.add("up", new Upsample(3), map))
                .tap("flat", b.add("flat", new Flatten(), map))
                .tap("vector", b.add("vector", new ParameterVector(7, 1)))
                .build();
    }

    private static Map<String, Definition> definitions(Definition map, Definition side, float[] vector) {
        Map<String, Definition> all = new LinkedHashMap<>();
        all.put(
                "concat",
                (n, c, y, x) -> c < 6 ? map.at(n, c, y, x) : c < 8 ? side.at(n, c - 6, y, x) : map.at(n, c - 8, y, x));
        all.put("slice", (n, c, y, x) -> map.at(n, c + 2, y, x));
        all.put("overlapping", (n, c, y, x) -> map.at(n, c + 4, y, x));
        all.put("disjoint", map);
        all.put("shuffle2", (n, c, y, x) -> map.at(n, c % 2 * 3 + c / 2, y, x));
        all.put("shuffle3", (n, c, y, x) -> map.at(n, c % 3 * 2 + c / 3, y, x));
        all.put("average", (n, c, y, x) -> {
            double sum = 0;
            for (int i = Math.max(2 * y - 1, 0); i < Math.min(2 * y + 2, HEIGHT); i++) {
                for (int j = Math.max(2 * x - 1, 0); j < Math.min(2 * x + 2, WIDTH); j++) {
                    sum += map.at(n, c, i, j);
                }
            }
            return sum / 9;
        });
        all.put("up", (n, c, y, x) -> map.at(n, c, y / 3, x / 3));
        all.put("flat", (n, c, y, x) -> map.at(n, c / (HEIGHT * WIDTH), c / WIDTH % HEIGHT, c % WIDTH));
        all.put("vector", (n, c, y, x) -> vector[c]);
        return all;
    }

    @ParameterizedTest
    @EnumSource
    void layersComputeWhatTheirDescriptionsSay(Kind kind) {
        Engine engine = kind.engine();
        Set<String> taps = NETWORK.taps().keySet();
        try (TrainingExecutable training = engine.compileForTraining(NETWORK, taps, BATCH);
                Executable inference = engine.compileForInference(NETWORK, taps, BATCH)) {
            Map<String, Tensor> values = Map.of("vector.weight", Reproducible.tensor("vector", Shape.of(7), 1, 0));
            training.load(values);
            inference.load(values);
            for (int batch : new int[] {BATCH, 2, 1, BATCH}) {
                Map<String, Tensor> inputs = Map.of("map", whole("map", batch), "side", whole("side", batch));
                Map<String, Definition> expected = definitions(
                        of(inputs.get("map")),
                        of(inputs.get("side")),
                        values.get("vector.weight").values());
                Map<String, Tensor> trained = training.forward(inputs);
                Map<String, Tensor> inferred = inference.forward(inputs);
                expected.forEach((tap, definition) -> {
                    check(tap, trained.get(tap), definition);
                    check(tap, inferred.get(tap), definition);
                });
            }
        }
    }

    /** Numbers that bf16 holds exactly. */
    private static Tensor whole(String name, int batch) {
        Tensor tensor = Reproducible.tensor(name, NETWORK.inputs().get(name).batched(batch), 200, 0);
        for (int i = 0; i < tensor.values().length; i++) {
            tensor.values()[i] = Math.round(tensor.values()[i]);
        }
        return tensor;
    }

    private static Definition of(Tensor map) {
        int channels = map.shape().dimension(1);
        return (n, c, y, x) -> map.values()[((n * channels + c) * HEIGHT + y) * WIDTH + x];
    }

    private static void check(String tap, Tensor actual, Definition expected) {
        Shape shape = NETWORK.tapShape(tap);
        int height = shape.isMap() ? shape.height() : 1;
        int width = shape.isMap() ? shape.width() : 1;
        // A mean below 100 is rounded: to 8 bits in bf16.
        double tolerance = tap.equals("average") ? 0.25 : 0;
        int next = 0;
        for (int n = 0; n < actual.batch(); n++) {
            for (int c = 0; c < shape.channels(); c++) {
                for (int y = 0; y < height; y++) {
                    for (int x = 0; x < width; x++) {
                        assertThat((double) actual.values()[next++])
                                .as("%s of image %d of %d: %d, %d, %d", tap, n, actual.batch(), c, y, x)
                                .isCloseTo(expected.at(n, c, y, x), within(tolerance));
                    }
                }
            }
        }
        assertThat(next).isEqualTo(actual.values().length);
    }

    /** The caller's values are there before the first step. */
    @ParameterizedTest
    @EnumSource
    void theFirstOfAllStepsMayTakeTwoInputs(Kind kind) {
        Network.Builder b = Network.builder();
        String one = b.input("one", Shape.of(3));
        String other = b.input("other", Shape.of(3));
        Network sum = b.tap("sum", b.add("sum", new Add(), one, other)).build();
        try (Executable executable = kind.engine().compileForTraining(sum, Set.of("sum"), 2)) {
            Map<String, Tensor> inputs = Map.of(
                    "one", new Tensor(Shape.of(2, 3), new float[] {1, 2, 3, 4, 5, 6}),
                    "other", new Tensor(Shape.of(2, 3), new float[] {10, 20, 30, 40, 50, 60}));
            assertThat(executable.forward(inputs).get("sum").values()).containsExactly(11, 22, 33, 44, 55, 66);
        }
    }
}
