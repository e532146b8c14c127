package org.sftn.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.sftn.conf.EngineSettings;
import org.sftn.conf.EngineSettings.Precision;
import org.sftn.conf.UserException;
import org.sftn.engine.bigdl.BigDlEngine;
import org.sftn.engine.onednn.OneDnnEngine;
import org.sftn.nn.BatchNorm;
import org.sftn.nn.Network;
import org.sftn.nn.ParameterSpec;
import org.sftn.nn.Relu;
import org.sftn.nn.Shape;
import org.sftn.nn.Taps;
import org.sftn.nn.Tensor;
import org.sftn.zoo.Architecture;
import org.sftn.zoo.Zoo;

/** What every engine promises. */
class EngineTest {
    private static final Shape IMAGE = Shape.of(3, 16, 16);
    private static final int BATCH = 6;
    private static final Network NETWORK = Zoo.create("resnet8", IMAGE, 5).network();
    private static final Set<String> LOGITS = Set.of(Taps.LOGITS);

    /** By name, for any number of threads; fp32, so that tolerances are those of fp32. */
    private enum Kind {
        BIGDL,
        ONEDNN;

        Engine with(int threads) {
            return this == BIGDL ? new BigDlEngine(threads) : new OneDnnEngine(Precision.FP32, threads);
        }

        Engine engine() {
            return with(2);
        }
    }

    @ParameterizedTest
    @EnumSource
    void twoRunsAreEqualBitByBit(Kind kind) {
        for (int threads = 1; threads <= 3; threads++) {
            assertThat(trained(kind.with(threads))).isEqualTo(trained(kind.with(threads)));
        }
    }

    /** Parameters and statistics after some steps with batches of two sizes. */
    private static List<Float> trained(Engine engine) {
        try (TrainingExecutable executable = engine.compileForTraining(NETWORK, LOGITS, BATCH)) {
            executable.load(NETWORK.initialValues(1));
            for (int step = 0; step < 6; step++) {
                step(executable, step % 3 == 2 ? BATCH - 1 : BATCH, "step" + step);
                float[] parameters = executable.parameters();
                for (int i = 0; i < parameters.length; i++) {
                    parameters[i] -= 0.1f * executable.gradients()[i];
                }
            }
            return executable.save().values().stream()
                    .flatMap(t -> floats(t.values()).stream())
                    .toList();
        }
    }

    @ParameterizedTest
    @EnumSource
    void theNumberOfThreadsChangesRoundingOnly(Kind kind) {
        Map<String, Tensor> one = gradients(kind.with(1), BATCH);
        // More threads than images: some have nothing to do.
        for (int threads : new int[] {2, 3, BATCH + 2}) {
            gradients(kind.with(threads), BATCH).forEach((name, more) -> close(name, more, one.get(name)));
        }
    }

    /** Sums of some thousand products of numbers below 1, in fp32. */
    private static void close(String name, Tensor actual, Tensor expected) {
        for (int i = 0; i < expected.values().length; i++) {
            assertThat(actual.values()[i]).as("%s, %d", name, i).isCloseTo(expected.values()[i], within(1e-4f));
        }
    }

    private static Map<String, Tensor> gradients(Engine engine, int batch) {
        try (TrainingExecutable executable = engine.compileForTraining(NETWORK, LOGITS, batch)) {
            executable.load(NETWORK.initialValues(1));
            step(executable, batch, "step");
            return NamedGradients.of(executable);
        }
    }

    @ParameterizedTest
    @EnumSource
    void theBatchMayChangeBetweenCalls(Kind kind) {
        Engine engine = kind.engine();
        try (TrainingExecutable changing = engine.compileForTraining(NETWORK, LOGITS, BATCH)) {
            for (int batch : new int[] {BATCH, 1, 4, BATCH, 3}) {
                changing.load(NETWORK.initialValues(1));
                step(changing, batch, "step");
                Map<String, Tensor> expected = gradients(engine, batch);
                NamedGradients.of(changing).forEach((name, actual) -> close(name, actual, expected.get(name)));
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void gradientsAreOverwrittenNotSummed(Kind kind) {
        try (TrainingExecutable executable = kind.engine().compileForTraining(NETWORK, LOGITS, BATCH)) {
            executable.load(NETWORK.initialValues(1));
            step(executable, BATCH, "step");
            float[] once = executable.gradients().clone();
            // The running statistics, too, as they were: an engine may round by them.
            executable.load(NETWORK.initialValues(1));
            step(executable, BATCH, "step");

            assertThat(executable.gradients()).isEqualTo(once);
        }
    }

    @ParameterizedTest
    @EnumSource
    void aBackwardPassNeedsAForwardPass(Kind kind) {
        try (TrainingExecutable executable = kind.engine().compileForTraining(NETWORK, LOGITS, BATCH)) {
            executable.load(NETWORK.initialValues(1));
            assertThatThrownBy(() -> executable.backward(Map.of()))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessage("backward without a forward pass before it");
            step(executable, BATCH, "step");
            assertThatThrownBy(() -> executable.backward(Map.of()))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessage("backward without a forward pass before it");
        }
    }

    @ParameterizedTest
    @EnumSource
    void someTapsMayHaveNoGradient(Kind kind) {
        Engine engine = kind.engine();
        Set<String> taps = Set.of("stage1", "stage2.pre-activation", Taps.LOGITS);
        try (TrainingExecutable executable = engine.compileForTraining(NETWORK, taps, BATCH)) {
            executable.load(NETWORK.initialValues(1));
            Map<String, Tensor> outputs = executable.forward(images(BATCH, "x"));
            Map<String, Tensor> all = new HashMap<>();
            Map<String, Tensor> sum = new HashMap<>();
            for (String tap : taps) {
                Tensor gradient = Reproducible.tensor(tap, outputs.get(tap).shape(), 0.1, 0);
                all.put(tap, gradient);
                executable.backward(Map.of(tap, gradient));
                executable.forward(images(BATCH, "x"));
                NamedGradients.of(executable).forEach((name, more) -> {
                    float[] sums = sum.computeIfAbsent(name, n -> Tensor.zeros(more.shape()))
                            .values();
                    for (int i = 0; i < sums.length; i++) {
                        sums[i] += more.values()[i];
                    }
                });
            }
            executable.backward(all);
            NamedGradients.of(executable).forEach((name, actual) -> close(name, actual, sum.get(name)));

            executable.forward(images(BATCH, "x"));
            executable.backward(Map.of("stage1", all.get("stage1")));
            NamedGradients.of(executable).forEach((name, gradient) -> {
                if (name.startsWith("stage2") || name.startsWith("stage3") || name.startsWith("fc")) {
                    assertThat(gradient.values()).as(name).containsOnly(0);
                } else {
                    assertThat(floats(gradient.values())).as(name).doesNotContain(0f);
                }
            });

            executable.forward(images(BATCH, "x"));
            executable.backward(Map.of());
            assertThat(executable.gradients()).containsOnly(0);
        }
    }

    @ParameterizedTest
    @EnumSource
    void sharedParametersGetTheSumOfTheirUses(Kind kind) {
        Engine engine = kind.engine();
        Architecture part = Zoo.create("resnet8", IMAGE, 5);
        Map<String, Tensor> own = new HashMap<>();
        part.network().initialValues(3).forEach((name, value) -> {
            own.put("a." + name, value);
            own.put("b." + name, value);
        });
        Set<String> taps = Set.of("a.logits", "b.logits");
        try (TrainingExecutable shared = engine.compileForTraining(pair(part.network(), Sharing.SHARED), taps, BATCH);
                TrainingExecutable separate =
                        engine.compileForTraining(pair(part.network(), Sharing.SEPARATE), taps, BATCH)) {
            shared.load(own);
            separate.load(own);
            Map<String, Tensor> inputs = Map.of(
                    "x",
                    images(BATCH, "x").get(Taps.IMAGE),
                    "y",
                    images(BATCH, "y").get(Taps.IMAGE));
            Map<String, Tensor> gradients = Map.of(
                    "a.logits", Reproducible.tensor("a", Shape.of(BATCH, 5), 1, 0),
                    "b.logits", Reproducible.tensor("b", Shape.of(BATCH, 5), 1, 0));
            assertThat(shared.forward(inputs).get("b.logits").values())
                    .isEqualTo(separate.forward(inputs).get("b.logits").values());
            shared.backward(gradients);
            separate.backward(gradients);

            Map<String, Tensor> apart = NamedGradients.of(separate);
            NamedGradients.of(shared).forEach((name, actual) -> {
                float[] sum = apart.get(name).values();
                float[] second = apart.get("b" + name.substring(1)).values();
                for (int i = 0; i < sum.length; i++) {
                    sum[i] += second[i];
                }
                close(name, actual, apart.get(name));
            });
            // Both uses move the statistics, the first use first: 0.9 (0.9 s + 0.1 a) + 0.1 b.
            float[] a = Arrays.copyOfRange(separate.statistics(), 0, shared.statistics().length);
            for (int i = 0; i < 16; i++) {
                double moved = 0.9 * a[i] + separate.statistics()[a.length + i];
                assertThat((double) shared.statistics()[i])
                        .as("running mean %d", i)
                        .isCloseTo(moved, within(1e-6));
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void gradientsThatAreSaidToBeFinalStay(Kind kind) {
        Architecture part = Zoo.create("resnet8", IMAGE, 5);
        Network network = pair(part.network(), Sharing.SHARED);
        Set<String> taps = Set.of("a.stage2", "a.logits", "b.logits");
        try (TrainingExecutable executable = kind.engine().compileForTraining(network, taps, BATCH)) {
            executable.load(network.initialValues(3));
            List<Set<String>> passes = List.of(taps, Set.of("b.logits"), Set.of("a.stage2"), Set.of());
            for (Set<String> pass : passes) {
                // Of the pass before; what is said too early would be seen.
                Arrays.fill(executable.gradients(), 0, executable.gradients().length, Float.NaN);
                Map<String, Tensor> outputs = executable.forward(Map.of(
                        "x",
                        images(BATCH, "x" + pass).get(Taps.IMAGE),
                        "y",
                        images(BATCH, "y" + pass).get(Taps.IMAGE)));
                Map<String, Tensor> gradients = new HashMap<>();
                pass.forEach(tap -> gradients.put(
                        tap, Reproducible.tensor(tap, outputs.get(tap).shape(), 1, 0)));
                List<float[]> reported = new ArrayList<>();
                executable.backward(gradients, values -> reported.add(Arrays.copyOf(executable.gradients(), values)));

                assertThat(reported).extracting(values -> values.length).isSorted();
                assertThat(reported.get(reported.size() - 1)).hasSameSizeAs(executable.gradients());
                for (float[] values : reported) {
                    assertThat(values).isEqualTo(Arrays.copyOf(executable.gradients(), values.length));
                }
                if (pass.size() > 1) {
                    // One for each convolution of the student at least.
                    assertThat(reported).extracting(values -> values.length).hasSizeGreaterThan(9);
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void whoIsToldOfGradientsMayEndThePass(Kind kind) {
        try (TrainingExecutable executable = kind.engine().compileForTraining(NETWORK, LOGITS, BATCH)) {
            executable.load(NETWORK.initialValues(1));
            Map<String, Tensor> outputs = executable.forward(images(BATCH, "x"));
            Map<String, Tensor> gradients = Map.of(Taps.LOGITS, outputs.get(Taps.LOGITS));
            RuntimeException gone = new UnsupportedOperationException("the peer is gone");
            assertThatThrownBy(() -> executable.backward(gradients, values -> {
                        throw gone;
                    }))
                    .isSameAs(gone);
        }
    }

    private enum Sharing {
        SHARED,
        SEPARATE
    }

    private static Network pair(Network part, Sharing sharing) {
        Network.Builder b = Network.builder();
        String x = b.input("x", IMAGE);
        String y = b.input("y", IMAGE);
        b.include("a", part, Map.of(Taps.IMAGE, x));
        if (sharing == Sharing.SHARED) {
            b.includeSharing("b", part, Map.of(Taps.IMAGE, y), "a");
        } else {
            b.include("b", part, Map.of(Taps.IMAGE, y));
        }
        return b.build();
    }

    @ParameterizedTest
    @EnumSource
    void parametersAndStatisticsAreLive(Kind kind) {
        Engine engine = kind.engine();
        try (TrainingExecutable executable = engine.compileForTraining(NETWORK, LOGITS, BATCH)) {
            executable.load(NETWORK.initialValues(1));
            float[] before = executable
                    .forward(images(BATCH, "x"))
                    .get(Taps.LOGITS)
                    .values()
                    .clone();
            float[] parameters = executable.parameters();
            for (int i = 0; i < parameters.length; i++) {
                parameters[i] *= 2;
            }
            assertThat(executable.forward(images(BATCH, "x")).get(Taps.LOGITS).values())
                    .isNotEqualTo(before);
            Arrays.fill(executable.statistics(), 1);
            Map<String, Tensor> saved = executable.save();
            assertThat(saved.get("bn1.running_mean").values()).containsOnly(1);
            NETWORK.initialValues(1).forEach((name, value) -> {
                if (name.endsWith("weight")) {
                    assertThat(saved.get(name).values()[0]).as(name).isEqualTo(2 * value.values()[0]);
                }
            });
        }
    }

    @ParameterizedTest
    @EnumSource
    void rangesSayWhereEachParameterLies(Kind kind) {
        try (TrainingExecutable executable = kind.engine().compileForTraining(NETWORK, LOGITS, BATCH)) {
            executable.load(NETWORK.initialValues(1));
            step(executable, BATCH, "step");
            float[] parameters = executable.parameters();
            Map<String, ParameterRange> ranges = executable.ranges();
            assertThat(ranges.keySet())
                    .containsExactlyInAnyOrderElementsOf(NETWORK.parameters().stream()
                            .map(ParameterSpec::name)
                            .toList());
            int number = 0;
            int last = 0;
            float[] between = executable.gradients().clone();
            for (ParameterRange range : ranges.values()) {
                assertThat(range.from()).isGreaterThanOrEqualTo(last).isLessThan(range.end());
                last = range.end();
                Arrays.fill(parameters, range.from(), range.end(), ++number);
                Arrays.fill(between, range.from(), range.end(), 0);
            }
            assertThat(last).isLessThanOrEqualTo(parameters.length);
            assertThat(between).as("gradients of what lies between").containsOnly(0);
            Map<String, Tensor> saved = executable.save();
            int expected = 0;
            for (String name : ranges.keySet()) {
                assertThat(saved.get(name).values()).as(name).containsOnly(++expected);
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void whatIsLoadedIsSaved(Kind kind) {
        Engine engine = kind.engine();
        Map<String, Tensor> values = NETWORK.initialValues(5);
        try (TrainingExecutable training = engine.compileForTraining(NETWORK, LOGITS, BATCH)) {
            training.load(values);
            Map<String, Tensor> saved = training.save();

            assertThat(saved.keySet()).containsExactlyElementsOf(values.keySet());
            values.forEach((name, value) -> {
                assertThat(saved.get(name).shape()).isEqualTo(value.shape());
                assertThat(saved.get(name).values())
                        .as(name)
                        .isEqualTo(value.values())
                        .isNotSameAs(value.values());
            });
        }
    }

    @ParameterizedTest
    @EnumSource
    void inferenceIsTheFormula(Kind kind) {
        Engine engine = kind.engine();
        Network.Builder b = Network.builder();
        String x = b.input("in", Shape.of(2, 3, 3));
        b.tap("bn", b.add("bn", new BatchNorm(2, 0.25, 0.1), x)).tap("relu", b.add("relu", new Relu(), "bn"));
        Network network = b.build();
        Tensor in = Reproducible.tensor("in", Shape.of(4, 2, 3, 3), 4, 0);
        try (Executable executable = engine.compileForInference(network, Set.of("bn", "relu"), 4)) {
            Map<String, Tensor> values = new HashMap<>();
            network.initialValues(1)
                    .forEach((name, value) -> values.put(name, Reproducible.parameter(name, value.shape())));
            executable.load(values);
            Map<String, Tensor> out = executable.forward(Map.of("in", in));
            for (int i = 0; i < in.values().length; i++) {
                int c = i / 9 % 2;
                double expected =
                        (in.values()[i] - values.get("bn.running_mean").values()[c])
                                        / Math.sqrt(values.get("bn.running_var").values()[c] + 0.25)
                                        * values.get("bn.weight").values()[c]
                                + values.get("bn.bias").values()[c];
                // One rounding of each of four operations on values below 4.
                assertThat((double) out.get("bn").values()[i]).isCloseTo(expected, within(1e-6));
                assertThat(out.get("relu").values()[i])
                        .isEqualTo(Math.max(out.get("bn").values()[i], 0));
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void anInnerTapNeedsNoMoreThanWhatStandsBeforeIt(Kind kind) {
        Engine engine = kind.engine();
        try (Executable all = engine.compileForInference(NETWORK, NETWORK.taps().keySet(), BATCH);
                Executable stage2 = engine.compileForInference(NETWORK, Set.of("stage2"), BATCH)) {
            all.load(NETWORK.initialValues(1));
            stage2.load(NETWORK.initialValues(1));
            Map<String, Tensor> expected = all.forward(images(BATCH, "x"));
            Map<String, Tensor> actual = stage2.forward(images(BATCH, "x"));

            assertThat(expected.keySet()).isEqualTo(NETWORK.taps().keySet());
            assertThat(actual.keySet()).containsExactly("stage2");
            assertThat(actual.get("stage2").values())
                    .isEqualTo(expected.get("stage2").values());
        }
    }

    @ParameterizedTest
    @EnumSource
    void aTailGoesOnFromItsStage(Kind kind) {
        Engine engine = kind.engine();
        Architecture architecture = Zoo.create("wrn_16_1", IMAGE, 5);
        try (Executable whole =
                        engine.compileForInference(architecture.network(), Set.of("stage1", Taps.LOGITS), BATCH);
                Executable tail = engine.compileForInference(architecture.tail(1), LOGITS, BATCH)) {
            Map<String, Tensor> values = architecture.network().initialValues(1);
            whole.load(values);
            tail.load(values);
            Map<String, Tensor> expected = whole.forward(images(BATCH, "x"));
            Map<String, Tensor> actual = tail.forward(Map.of(Architecture.FEATURES, expected.get("stage1")));

            assertThat(actual.get(Taps.LOGITS).values())
                    .isEqualTo(expected.get(Taps.LOGITS).values());
        }
    }

    @ParameterizedTest
    @EnumSource
    void notANumberIsNotHidden(Kind kind) {
        Engine engine = kind.engine();
        try (TrainingExecutable executable = engine.compileForTraining(NETWORK, LOGITS, BATCH)) {
            executable.load(NETWORK.initialValues(1));
            Map<String, Tensor> images = images(BATCH, "x");
            images.get(Taps.IMAGE).values()[7] = Float.NaN;
            assertThat(executable.forward(images).get(Taps.LOGITS).values()).containsOnly(Float.NaN);
        }
    }

    @ParameterizedTest
    @EnumSource
    void whatDoesNotFitIsRefusedBeforeItIsComputed(Kind kind) {
        Engine engine = kind.engine();
        refused(() -> kind.with(0), "an engine needs at least 1 thread, not 0");
        refused(() -> engine.compileForTraining(NETWORK, LOGITS, 0), "the largest batch must be at least 1, not 0");
        refused(
                () -> engine.compileForTraining(NETWORK, Set.of(), 1),
                "no outputs are asked for; there are the taps " + NETWORK.taps().keySet());
        refused(
                () -> engine.compileForInference(NETWORK, Set.of("stage4"), 1),
                "no tap 'stage4'; there are " + NETWORK.taps().keySet());
        try (TrainingExecutable executable = engine.compileForTraining(NETWORK, LOGITS, BATCH)) {
            refused(() -> executable.forward(Map.of()), "the inputs are [image], not []");
            refused(
                    () -> executable.forward(Map.of("picture", Tensor.zeros(IMAGE.batched(1)))),
                    "the inputs are [image], not [picture]");
            refused(
                    () -> executable.forward(images(BATCH + 1, "x")),
                    "a batch of 7 is larger than 6, which was compiled for");
            refused(
                    () -> executable.forward(Map.of(Taps.IMAGE, Tensor.zeros(Shape.of(2, 3, 16, 15)))),
                    "input 'image' must be 2x3x16x16, not 2x3x16x15");
            executable.forward(images(BATCH, "x"));
            refused(
                    () -> executable.backward(Map.of("stage1", Tensor.zeros(Shape.of(BATCH, 16, 16, 16)))),
                    "a gradient of 'stage1', which is not an output; those are [logits]");
            refused(
                    () -> executable.backward(Map.of(Taps.LOGITS, Tensor.zeros(Shape.of(BATCH - 1, 5)))),
                    "the gradient of 'logits' must be 6x5, not 5x5");

            Map<String, Tensor> values = NETWORK.initialValues(1);
            values.put("fc.weight", Tensor.zeros(Shape.of(5, 63)));
            refused(() -> executable.load(values), "cannot load fc.weight: it has 5x64, not 5x63");
            values.remove("fc.weight");
            refused(() -> executable.load(values), "there is no value of fc.weight to load");
        }
    }

    @ParameterizedTest
    @EnumSource
    void inputsOfDifferentBatchesAreRefused(Kind kind) {
        Engine engine = kind.engine();
        Network pair = pair(NETWORK, Sharing.SEPARATE);
        try (Executable executable = engine.compileForInference(pair, Set.of("a.logits"), BATCH)) {
            Map<String, Tensor> inputs = new java.util.LinkedHashMap<>();
            inputs.put("x", Tensor.zeros(IMAGE.batched(2)));
            inputs.put("y", Tensor.zeros(IMAGE.batched(3)));
            refused(() -> executable.forward(inputs), "input 'y' must be 2x3x16x16, not 3x3x16x16");
        }
    }

    @ParameterizedTest
    @EnumSource
    void batchNormNeedsMoreThanOneValueToTrain(Kind kind) {
        Engine engine = kind.engine();
        Network.Builder b = Network.builder();
        b.tap("out", b.add("bn", new BatchNorm(4), b.input("in", Shape.of(4, 1, 1))));
        try (TrainingExecutable executable = engine.compileForTraining(b.build(), Set.of("out"), 2)) {
            refused(
                    () -> executable.forward(Map.of("in", Tensor.zeros(Shape.of(1, 4, 1, 1)))),
                    "bn: batch-norm cannot train on one value per channel (a batch of 1 of 4x1x1)");
        }
    }

    @ParameterizedTest
    @EnumSource
    void whatLeavesTheRangeOfFloatsIsNotHidden(Kind kind) {
        Map<String, Tensor> good = NETWORK.initialValues(1);
        try (Executable executable =
                kind.engine().compileForInference(NETWORK, Set.of("stem", "stage1", "logits"), 3)) {
            executable.load(good);
            float[] expected =
                    executable.forward(images(3, "x")).get("logits").values().clone();
            // The second convolution of the first block overflows to both sides.
            executable.load(scaled(good, 0x1p50f));
            Map<String, Tensor> outputs = executable.forward(images(3, "x"));
            assertThat(floats(outputs.get("stem").values())).allMatch(Float::isFinite);
            // By the order of its sums a convolution gives NaN or infinity.
            assertThat(floats(outputs.get("stage1").values())).anyMatch(value -> !Float.isFinite(value));
            assertThat(floats(outputs.get("logits").values())).noneMatch(Float::isFinite);
            executable.load(good);
            assertThat(executable.forward(images(3, "x")).get("logits").values())
                    .isEqualTo(expected);
        }
    }

    @ParameterizedTest
    @EnumSource
    void batchStatisticsThatLeaveTheRangeOfFloatsAreNotHidden(Kind kind) {
        try (TrainingExecutable executable = kind.engine().compileForTraining(NETWORK, LOGITS, 3)) {
            executable.load(scaled(NETWORK.initialValues(1), 0x1p83f));
            assertThat(floats(executable.forward(images(3, "x")).get("logits").values()))
                    .allMatch(value -> value.isNaN());
        }
    }

    /** With other weights of convolutions. */
    private static Map<String, Tensor> scaled(Map<String, Tensor> values, float factor) {
        Map<String, Tensor> scaled = new HashMap<>(values);
        scaled.replaceAll((name, tensor) -> {
            float[] all = tensor.values().clone();
            for (int i = 0; i < all.length && tensor.shape().rank() == 4; i++) {
                all[i] *= factor;
            }
            return new Tensor(tensor.shape(), all);
        });
        return scaled;
    }

    @ParameterizedTest
    @EnumSource
    void aClosedExecutableRefusesWork(Kind kind) {
        TrainingExecutable executable = kind.engine().compileForTraining(NETWORK, LOGITS, BATCH);
        executable.load(NETWORK.initialValues(1));
        step(executable, BATCH, "step");
        executable.close();
        executable.close();

        assertThatThrownBy(() -> executable.forward(images(BATCH, "x")))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("the executable is closed");
        assertThatThrownBy(() -> executable.backward(Map.of()))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("the executable is closed");
    }

    @Test
    void enginesAreMadeByName() {
        assertThat(Engines.create(new EngineSettings("bigdl", Precision.AUTO, 0), 3)
                        .description())
                .isEqualTo("bigdl 0.13.0, MKL-BLAS fp32, 3 threads");
        assertThat(Engines.create(new EngineSettings("bigdl", Precision.FP32, 1), 3)
                        .description())
                .isEqualTo("bigdl 0.13.0, MKL-BLAS fp32, 1 thread");
        assertThat(Engines.create(new EngineSettings("onednn", Precision.FP32, 0), 3)
                        .description())
                .matches("onednn 3\\.11\\.\\d+, fp32 on [A-Z0-9-]+( \\(the processor has no bf16\\))?, 3 threads");
        assertThat(Engines.create(new EngineSettings("onednn", Precision.FP32, 0), 3))
                .returns(3, Engine::threads)
                .satisfies(engine -> assertThat(engine.library()).matches("oneDNN 3\\.11\\.\\d+"))
                .satisfies(engine -> assertThat(engine.description()).contains("fp32 on " + engine.instructions()));
        assertThat(Engines.create(new EngineSettings("bigdl", Precision.FP32, 2), 3))
                .returns(2, Engine::threads)
                .returns("MKL of BigDL 0.13.0", Engine::library);
        assertThatThrownBy(() -> Engines.create(new EngineSettings("bigdll", Precision.AUTO, 0), 3))
                .isInstanceOf(UserException.class)
                .hasMessage("there is no engine 'bigdll' among bigdl, onednn; did you mean 'bigdl'?");
        assertThatThrownBy(() -> Engines.create(new EngineSettings("bigdl", Precision.BF16, 0), 3))
                .isInstanceOf(UserException.class)
                .hasMessage("engine.precision is bf16, but engine.name is bigdl, which computes in fp32 only");
    }

    private static void step(TrainingExecutable executable, int batch, String seed) {
        executable.forward(images(batch, seed));
        executable.backward(Map.of(Taps.LOGITS, Reproducible.tensor("gradient." + seed, Shape.of(batch, 5), 1, 0)));
    }

    private static Map<String, Tensor> images(int batch, String seed) {
        return Map.of(Taps.IMAGE, Reproducible.tensor(seed, IMAGE.batched(batch), 4, 0));
    }

    private static List<Float> floats(float[] values) {
        return IntStream.range(0, values.length).mapToObj(i -> values[i]).toList();
    }

    private static void refused(org.assertj.core.api.ThrowableAssert.ThrowingCallable mistake, String message) {
        assertThatThrownBy(mistake).isInstanceOf(IllegalArgumentException.class).hasMessage(message);
    }
}
