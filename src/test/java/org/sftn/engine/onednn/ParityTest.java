package org.sftn.engine.onednn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.sftn.conf.EngineSettings.Precision;
import org.sftn.conf.Settings;
import org.sftn.data.Batch;
import org.sftn.engine.Engine;
import org.sftn.engine.Executable;
import org.sftn.engine.NamedGradients;
import org.sftn.engine.Reproducible;
import org.sftn.engine.TrainingExecutable;
import org.sftn.engine.bigdl.BigDlEngine;
import org.sftn.nn.Add;
import org.sftn.nn.AveragePool;
import org.sftn.nn.BatchNorm;
import org.sftn.nn.ChannelShuffle;
import org.sftn.nn.ChannelSlice;
import org.sftn.nn.Concat;
import org.sftn.nn.Convolution;
import org.sftn.nn.GlobalAveragePool;
import org.sftn.nn.Layout;
import org.sftn.nn.LeakyRelu;
import org.sftn.nn.Linear;
import org.sftn.nn.Network;
import org.sftn.nn.ParameterSpec;
import org.sftn.nn.ParameterVector;
import org.sftn.nn.Relu;
import org.sftn.nn.Relu6;
import org.sftn.nn.Shape;
import org.sftn.nn.Sigmoid;
import org.sftn.nn.SpatialAttention;
import org.sftn.nn.Taps;
import org.sftn.nn.Tensor;
import org.sftn.nn.TransposedConvolution;
import org.sftn.nn.Upsample;
import org.sftn.teacher.TeacherObjective;
import org.sftn.train.Objective;
import org.sftn.train.RankLabels;
import org.sftn.train.StepLoss;
import org.sftn.train.loss.Loss;
import org.sftn.zoo.Architecture;
import org.sftn.zoo.NarrowNetworks;
import org.sftn.zoo.Zoo;

/** The engine against the reference engine, which is held to PyTorch and to finite differences. */
class ParityTest {
    /** Of a tensor's difference to its norm. */
    private static final double TOLERANCE = 1e-4;

    private static final int CLASSES = 10;
    private static final int BATCH = 3;
    /**
     * Of batch-norm: most inputs of a ReLU are positive then. One that two engines round to different signs would change gradients by
     * more than the tolerance, and deep networks have millions near 0 otherwise.
     */
    private static final float BIAS = 2;

    static Stream<String> architectures() {
        return Zoo.names().stream();
    }

    @ParameterizedTest
    @MethodSource("architectures")
    void everyArchitecture(String name) {
        same(small(name).network());
    }

    private static Architecture small(String name) {
        // ImageNet's networks divide the image by 32, MobileNetV2 by 16; batch-norm over three values would be
        // ill-conditioned.
        boolean large = Zoo.published(name).image().height() == 224;
        int size = large ? 64 : name.equals("mobilenet_v2_32") ? 32 : 16;
        return NarrowNetworks.create(name, Shape.of(3, size, size), CLASSES);
    }

    @Test
    void aTeacherWithItsBranches() {
        same(joint("resnet20", "resnet8", "false").network());
        same(joint("wrn_16_2", "resnet8x4", "false").network());
        same(joint("resnet20", "resnet8", "true").network());
        same(joint("wrn_16_2", "shufflenet_v2_32", "false").network());
    }

    private static Objective joint(String teacher, String student, String shared) {
        Settings settings =
                Settings.of(List.of(Settings.assignments(Map.of("teacher.share-branches", shared), "test")));
        return TeacherObjective.of(
                settings.teacher(),
                settings.training(),
                small(teacher),
                Optional.of(small(student)),
                Optional.empty(),
                1);
    }

    @Test
    void convolutionsWithBiasAndActivations() {
        same(biasesAndActivations());
    }

    @Test
    void convolutionsWithBiasAndActivationsInBf16() {
        assumeTrue(Library.get().trainsInBf16(), "this processor cannot compute in bf16");
        // bf16 has 8 bits: each of some ten operations in a row rounds by at most 2^-9.
        same(biasesAndActivations(), Precision.BF16, 0.05);
    }

    /** Each with and without batch-norm behind it, of which some values are taps, so that inference can fold some only. */
    private static Network biasesAndActivations() {
        Network.Builder b = Network.builder();
        String x = b.input("image", Shape.of(3, 8, 8));
        x = b.add("conv1", Convolution.same(3, 16, 3, 1).withBias(), x);
        x = b.add("relu6-1", new Relu6(), b.add("bn1", new BatchNorm(16), x));
        x = b.add("depthwise", new Convolution(16, 16, 3, 2, 1, 16).withBias(), x);
        String narrow = b.add("relu6-2", new Relu6(), b.add("bn2", new BatchNorm(16), x));
        String tapped = b.add("conv3", Convolution.same(16, 16, 1, 1).withBias(), narrow);
        x = b.add("leaky3", new LeakyRelu(0.1), b.add("bn3", new BatchNorm(16), tapped));
        x = b.add("grouped", new Convolution(16, 16, 3, 1, 1, 4).withBias(), x);
        x = b.add("leaky4", new LeakyRelu(0.1), b.add("add", new Add(), x, narrow));
        String gate = b.add(
                "gate",
                new Sigmoid(),
                b.add("conv5", Convolution.same(16, 1, 1, 1).withBias(), x));
        String gated = b.add("gated", new SpatialAttention(), x, gate);
        x = b.add("up", new TransposedConvolution(16, 8, 4, 2, 1).withBias(), gated);
        x = b.add("relu6-6", new Relu6(), b.add("bn6", new BatchNorm(8), x));
        String vector = b.add("sigmoid7", new Sigmoid(), b.add("pool", new GlobalAveragePool(), x));
        return b.tap("stem", tapped)
                .tap("gate", gate)
                .tap("gated", gated)
                .tap("up", x)
                .tap("logits", b.add("fc", new Linear(8, 4), vector))
                .build();
    }

    private static void same(Network network) {
        same(network, Precision.FP32, TOLERANCE);
    }

    private static void same(Network network, Precision precision, double tolerance) {
        Map<String, Tensor> values = new LinkedHashMap<>();
        Stream.concat(network.parameters().stream(), network.statistics().stream())
                .forEach(spec -> values.put(spec.name(), value(spec)));
        Map<String, Tensor> images = new HashMap<>();
        network.inputs()
                .forEach((name, shape) -> images.put(name, Reproducible.tensor(name, shape.batched(BATCH), 4, 0)));
        Results expected = Results.of(new BigDlEngine(2), network, values, images);
        Results actual = Results.of(new OneDnnEngine(precision, 2), network, values, images);
        compare("training output", expected.trained, actual.trained, tolerance);
        compare("gradient", expected.gradients, actual.gradients, tolerance);
        compare("value after it", expected.saved, actual.saved, tolerance);
        compare("inference output", expected.evaluated, actual.evaluated, tolerance);
    }

    private static Tensor value(ParameterSpec spec) {
        Tensor tensor = Reproducible.parameter(spec.name(), spec.shape());
        if (spec.name().endsWith("bias") && !spec.name().endsWith("fc.bias")) {
            for (int i = 0; i < tensor.values().length; i++) {
                tensor.values()[i] += BIAS;
            }
        }
        return tensor;
    }

    private record Results(
            Map<String, Tensor> trained,
            Map<String, Tensor> gradients,
            Map<String, Tensor> saved,
            Map<String, Tensor> evaluated) {
        static Results of(Engine engine, Network network, Map<String, Tensor> values, Map<String, Tensor> images) {
            Set<String> taps = network.taps().keySet();
            try (TrainingExecutable training = engine.compileForTraining(network, taps, BATCH);
                    Executable evaluation = engine.compileForInference(network, taps, BATCH)) {
                training.load(values);
                Map<String, Tensor> outputs = copies(training.forward(images));
                Map<String, Tensor> wanted = new HashMap<>();
                outputs.forEach((tap, tensor) -> wanted.put(
                        tap,
                        Reproducible.tensor("gradient." + tap, tensor.shape(), tap.endsWith("logits") ? 1 : 0.01, 0)));
                training.backward(wanted);
                Map<String, Tensor> saved = training.save();
                evaluation.load(saved);
                return new Results(outputs, NamedGradients.of(training), saved, copies(evaluation.forward(images)));
            }
        }

        private static Map<String, Tensor> copies(Map<String, Tensor> tensors) {
            Map<String, Tensor> copies = new LinkedHashMap<>();
            tensors.forEach((name, tensor) ->
                    copies.put(name, new Tensor(tensor.shape(), tensor.values().clone())));
            return copies;
        }
    }

    private static void compare(
            String what, Map<String, Tensor> expected, Map<String, Tensor> actual, double tolerance) {
        assertThat(actual.keySet()).isEqualTo(expected.keySet());
        List<String> wrong = new ArrayList<>();
        expected.forEach((name, tensor) -> {
            // A bias before batch-norm has the gradient 0 but for rounding: its weight's shows the size of what is
            // summed.
            Tensor weight = expected.get(name.replaceAll("\\.bias$", ".weight"));
            double norm = Math.max(norm(tensor.values()), weight == null ? 0 : norm(weight.values()));
            double difference = difference(actual.get(name).values(), tensor.values());
            if (!(difference == 0 || difference < tolerance * norm)) {
                wrong.add(String.format(Locale.ROOT, "%s: %.1e", name, difference / norm));
            }
        });
        assertThat(wrong)
                .as("relative errors of each %s above %s", what, tolerance)
                .isEmpty();
    }

    private static double difference(float[] actual, float[] expected) {
        double squares = 0;
        for (int i = 0; i < expected.length; i++) {
            squares += Math.pow((double) actual[i] - expected[i], 2);
        }
        return Math.sqrt(squares);
    }

    private static double norm(float[] values) {
        return difference(values, new float[values.length]);
    }

    @Test
    void layersThatMoveValues() {
        same(moving());
    }

    @Test
    void layersThatMoveValuesInBf16() {
        assumeTrue(Library.get().trainsInBf16(), "this processor cannot train in bf16");
        // Each of some ten operations in a row rounds by at most 2^-9.
        same(moving(), Precision.BF16, 0.05);
    }

    /** Units as those of ShuffleNets, and paths of two resolutions that meet. */
    private static Network moving() {
        Network.Builder b = Network.builder();
        String image = b.input(Taps.IMAGE, Shape.of(3, 8, 8));
        String stem = unit(b, "stem", Convolution.same(3, 20, 3, 1), image);
        String kept = b.add("kept", new ChannelSlice(0, 10), stem);
        String half = unit(b, "half", Convolution.same(10, 10, 3, 1), b.add("rest", new ChannelSlice(10, 10), stem));
        String stage1 = b.add("stage1", new ChannelShuffle(2), b.add("concat1", new Concat(), kept, half));
        String narrow = unit(b, "narrow", new Convolution(20, 25, 3, 2, 1, 5), stage1);
        String pooled = b.add("average", new AveragePool(3, 2, 1), stage1);
        String stage2 = b.add("stage2", new ChannelShuffle(3), b.add("concat2", new Concat(), pooled, narrow));
        String up = b.add("up", new Upsample(2), unit(b, "back", Convolution.same(45, 20, 1, 1), stage2));
        String part = b.add("part", new ChannelSlice(5, 12), b.add("sum", new Add(), up, stage1));
        String features = b.add("pool", new GlobalAveragePool(), part);
        String shifted = b.add("shifted", new Add(), features, b.add("vector", new ParameterVector(12, 1)));
        return b.tap("stem", stem)
                .tap("stage1", stage1)
                .tap("stage2", stage2)
                .tap("rest", "rest")
                .tap("vector", "vector")
                .tap("logits", b.add("fc", new Linear(12, 4), shifted))
                .build();
    }

    private static String unit(Network.Builder b, String name, Convolution convolution, String input) {
        String x = b.add(name + ".conv", convolution, input);
        x = b.add(name + ".bn", new BatchNorm(convolution.out()), x);
        return b.add(name + ".relu", new Relu(), x);
    }

    @ParameterizedTest
    @ValueSource(strings = {"moving", "biases", "joint"})
    void weightsMayBeRoundedBefore(String kind) {
        Network network = switch (kind) {
            case "moving" -> moving();
            case "biases" -> biasesAndActivations();
            default -> joint("resnet20", "vgg8", "false").network();
        };
        Map<String, Tensor> values = new LinkedHashMap<>();
        Stream.concat(network.parameters().stream(), network.statistics().stream())
                .forEach(spec -> values.put(spec.name(), value(spec)));
        Map<String, Tensor> images = new HashMap<>();
        network.inputs()
                .forEach((name, shape) -> images.put(name, Reproducible.tensor(name, shape.batched(BATCH), 4, 0)));
        Set<String> taps = network.taps().keySet();
        try (TrainingExecutable training = new OneDnnEngine(Precision.FP32, 1).compileForTraining(network, taps, 1)) {
            assertThat(training.rounded()).isEmpty();
        }
        assumeTrue(Library.get().trainsInBf16(), "this processor cannot train in bf16");
        Engine engine = new OneDnnEngine(Precision.BF16, 2);
        Map<String, Tensor> rounded = new LinkedHashMap<>(values);
        try (TrainingExecutable training = engine.compileForTraining(network, taps, BATCH)) {
            assertThat(training.rounded()).isNotEmpty().allMatch(name -> name.endsWith(".weight"));
            training.rounded().forEach(name -> rounded.put(name, rounded(values.get(name))));
        }
        Results exactly = Results.of(engine, network, values, images);
        Results before = Results.of(engine, network, rounded, images);
        compare("training output", exactly.trained, before.trained, 0);
        compare("gradient", exactly.gradients, before.gradients, 0);
    }

    private static Tensor rounded(Tensor tensor) {
        float[] values = new float[tensor.values().length];
        for (int i = 0; i < values.length; i++) {
            int bits = Float.floatToRawIntBits(tensor.values()[i]);
            values[i] = Float.intBitsToFloat(bits + 0x7fff + (bits >>> 16 & 1) & 0xffff_0000);
        }
        return new Tensor(tensor.shape(), values);
    }

    @Test
    void bf16LearnsAsFp32() {
        List<Double> fp32 = losses(Precision.FP32);
        List<Double> bf16 = losses(Precision.BF16);
        assertThat(fp32.get(49)).isLessThan(0.75 * fp32.get(0));
        for (int step = 0; step < fp32.size(); step++) {
            assertThat(bf16.get(step))
                    .as("loss of step %d", step)
                    .isCloseTo(fp32.get(step), within(0.02 * fp32.get(step)));
        }
    }

    @Test
    void bf16GivesTheSameBitsTwice() {
        assertThat(losses(Precision.BF16)).isEqualTo(losses(Precision.BF16));
    }

    /** Of 50 steps of a student-friendly teacher, each on its own batch. */
    private static List<Double> losses(Precision precision) {
        assumeTrue(Library.get().trainsInBf16(), "this processor cannot train in bf16");
        int batch = 32;
        Engine engine = new OneDnnEngine(precision, 2);
        Objective objective = joint("resnet20", "resnet8", "false");
        List<Double> losses = new ArrayList<>();
        try (TrainingExecutable training = engine.compileForTraining(objective.network(), objective.taps(), batch);
                StepLoss loss = objective.open(engine, new RankLabels(new long[0], () -> new int[0], batch, 1))) {
            training.load(objective.initialValues());
            for (int step = 0; step < 50; step++) {
                Batch images = images(step % 5, batch);
                Loss found = loss.loss(images, training.forward(Map.of(Taps.IMAGE, images.images())), 0);
                losses.add(found.total());
                training.backward(found.gradients());
                for (int i = 0; i < training.parameters().length; i++) {
                    training.parameters()[i] -= 0.02f * training.gradients()[i];
                }
            }
        }
        return losses;
    }

    /** Every class has a color, with noise. */
    private static Batch images(int number, int batch) {
        Shape shape = Shape.of(3, 16, 16).batched(batch);
        float[] values = Reproducible.tensor("batch" + number, shape, 4, 0).values();
        int[] labels = new int[batch];
        for (int i = 0; i < batch; i++) {
            labels[i] = (i * 7 + number) % CLASSES;
            for (int pixel = 0; pixel < 16 * 16 * 3; pixel++) {
                values[i * 16 * 16 * 3 + pixel] += (labels[i] >> pixel % 3 & 1) - labels[i] / 8f;
            }
        }
        return new Batch(new Tensor(shape, values, Layout.CHANNELS_LAST), labels, new long[batch]);
    }
}
