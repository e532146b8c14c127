package org.sftn.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class NetworkTest {
    private static final Shape MAP = Shape.of(4, 8, 8);

    /** A part with a parameter of every kind. */
    private static Network part() {
        Network.Builder b = Network.builder();
        String x = b.input("in", MAP);
        x = b.add("conv", Convolution.same(4, 6, 3, 2), x);
        x = b.add("bn", new BatchNorm(6), x);
        b.tap("map", x);
        x = b.add("pool", new GlobalAveragePool(), x);
        x = b.add("fc", new Linear(6, 3), x);
        return b.tap("out", x).build();
    }

    @Test
    void shapesAreInferred() {
        Network network = part();
        assertThat(network.shape("conv")).isEqualTo(Shape.of(6, 4, 4));
        assertThat(network.tapShape("map")).isEqualTo(Shape.of(6, 4, 4));
        assertThat(network.shape("pool")).isEqualTo(Shape.of(6));
        assertThat(network.tapShape("out")).isEqualTo(Shape.of(3));
    }

    @Test
    void aConvolutionsSizeIsPyTorchs() {
        // torch.nn.Conv2d: floor((size + 2 padding - kernel) / stride) + 1
        assertThat(new Convolution(4, 2, 7, 2, 3, 1).outputShape(List.of(Shape.of(4, 224, 9))))
                .isEqualTo(Shape.of(2, 112, 5));
        assertThat(new Convolution(4, 4, 3, 1, 0, 4).parameters().get(0).shape())
                .isEqualTo(Shape.of(4, 1, 3, 3));
    }

    @Test
    void aMaxPoolsSizeIsPyTorchs() {
        // torch.nn.MaxPool2d: floor((size + 2 padding - kernel) / stride) + 1
        assertThat(new MaxPool(3, 2, 1).outputShape(List.of(Shape.of(4, 112, 9))))
                .isEqualTo(Shape.of(4, 56, 5));
        assertThat(new MaxPool(2, 2, 0).outputShape(List.of(Shape.of(4, 7, 2)))).isEqualTo(Shape.of(4, 3, 1));
    }

    @Test
    void aTransposedConvolutionsSizeIsPyTorchs() {
        // torch.nn.ConvTranspose2d: (size - 1) stride - 2 padding + kernel
        TransposedConvolution layer = new TransposedConvolution(4, 3, 4, 2, 1);
        assertThat(layer.outputShape(List.of(MAP))).isEqualTo(Shape.of(3, 16, 16));
        assertThat(layer.parameters().get(0).shape()).isEqualTo(Shape.of(4, 3, 4, 4));
        assertThatThrownBy(() -> new TransposedConvolution(4, 3, 1, 2, 1).outputShape(List.of(Shape.of(4, 1, 1))))
                .hasMessage("transposed convolution: a padding of 1 leaves nothing of an input of 1");
    }

    @Test
    void aMistakeNamesNodeAndShapes() {
        Network.Builder b = Network.builder();
        b.input("a", Shape.of(64, 16, 16));
        b.input("b", Shape.of(128, 16, 16));
        b.input("v", Shape.of(128));

        refused(
                () -> b.add("stage2.block0.add", new Add(), "a", "b"),
                "stage2.block0.add: add of 64x16x16 and 128x16x16");
        refused(() -> b.add("sum", new Add(), "a"), "sum: add takes two or more inputs, not 1");
        refused(
                () -> b.add("conv", Convolution.same(32, 8, 3, 1), "a"),
                "conv: convolution of 32 channels does not fit an input of 64x16x16");
        refused(
                () -> b.add("conv", new Convolution(64, 8, 21, 1, 2, 1), "a"),
                "conv: convolution: a kernel of 21 is larger than its padded input of 20");
        refused(
                () -> b.add("bn", new BatchNorm(128), "v"),
                "bn: batch-norm of 128 channels does not fit an input of 128");
        refused(() -> b.add("fc", new Linear(64, 10), "v"), "fc: linear of 64 features does not fit an input of 128");
        refused(
                () -> b.add("fc", new Linear(64, 10), "a"),
                "fc: linear of 64 features does not fit an input of 64x16x16");
        refused(
                () -> b.add("pool", new GlobalAveragePool(), "v"),
                "pool: global average pool needs a feature map, not 128");
        refused(() -> b.add("flat", new Flatten(), "v"), "flat: flatten needs a feature map, not 128");
        refused(() -> b.add("pool", new MaxPool(2, 2, 0), "v"), "pool: max pool needs a feature map, not 128");
        refused(
                () -> b.add("pool", new MaxPool(19, 1, 1), "a"),
                "pool: max pool: a kernel of 19 is larger than its padded input of 18");
        refused(() -> b.add("relu", new Relu(), "a", "b"), "relu: relu takes one input, not 2");
        refused(() -> b.add("relu", new Relu(), "c"), "relu: there is no value 'c' to take");
        refused(() -> b.add("a", new Relu(), "b"), "the name 'a' is taken");
        refused(() -> b.tap("t", "c"), "tap 't': there is no value 'c'");
        b.tap("t", "a");
        refused(() -> b.tap("t", "b"), "tap 't' is there already");
        refused(() -> b.build().tap("u"), "no tap 'u'; there are [t]");
    }

    @Test
    void impossibleLayersAreRefused() {
        refused(
                () -> new Convolution(6, 4, 3, 1, 1, 4),
                "a convolution cannot have in 6, out 4, kernel 3, stride 1, padding 1, groups 4");
        refused(
                () -> new TransposedConvolution(0, 4, 3, 1, 1),
                "a transposed convolution cannot have in 0, out 4, kernel 3, stride 1, padding 1");
        refused(
                () -> new MaxPool(3, 2, 2),
                "a max pool cannot have kernel 3, stride 2, padding 2; its padding is at most half its kernel");
        refused(
                () -> new MaxPool(3, 0, 1),
                "a max pool cannot have kernel 3, stride 0, padding 1; its padding is at most half its kernel");
        refused(() -> new BatchNorm(4, 1e-5, 0), "a batch-norm cannot have channels 4, epsilon 1.0E-5, momentum 0.0");
        refused(() -> new Linear(4, 0), "a linear layer cannot have in 4, out 0");
        refused(() -> Shape.of(3, 0), "a shape needs dimensions of at least 1, not [3, 0]");
        refused(() -> new Tensor(Shape.of(2, 3), new float[5]), "a tensor of 2x3 needs 6 values, not 5");
    }

    @Test
    void parametersStandInTheOrderOfNodesAndOfPyTorch() {
        Network network = part();
        assertThat(names(network.parameters()))
                .containsExactly("conv.weight", "bn.weight", "bn.bias", "fc.weight", "fc.bias");
        assertThat(names(network.statistics())).containsExactly("bn.running_mean", "bn.running_var");
        assertThat(network.parameterCount()).isEqualTo(6 * 4 * 9 + 6 + 6 + 3 * 6 + 3);
        assertThat(network.initialValues(1).keySet())
                .containsExactly(
                        "conv.weight",
                        "bn.weight",
                        "bn.bias",
                        "fc.weight",
                        "fc.bias",
                        "bn.running_mean",
                        "bn.running_var");
    }

    @Test
    void aPartIsIncludedUnderItsPrefix() {
        Network.Builder b = Network.builder();
        String image = b.input("image", MAP);
        Map<String, String> taps = b.include("branch1", part(), Map.of("in", image));
        b.include("", part(), Map.of("in", image));
        Network network = b.build();

        assertThat(taps).isEqualTo(Map.of("map", "branch1.bn", "out", "branch1.fc"));
        assertThat(network.taps()).containsEntry("branch1.out", "branch1.fc").containsEntry("out", "fc");
        assertThat(names(network.parameters()))
                .startsWith("branch1.conv.weight")
                .endsWith("fc.bias")
                .hasSize(10);
        refused(
                () -> b.include("other", part(), Map.of("in", "branch1.bn")),
                "the part 'other' has the input 'in' of 4x8x8; it cannot be 'branch1.bn' of 6x4x4");
        refused(
                () -> b.include("other", part(), Map.of("features", image)),
                "the part 'other' has the inputs [in], not [features]");
        refused(() -> b.include("branch1", part(), Map.of("in", image)), "the name 'branch1.conv' is taken");
    }

    @Test
    void partsThatShareHaveOneSetOfParameters() {
        Network.Builder b = Network.builder();
        String image = b.input("image", MAP);
        b.include("a", part(), Map.of("in", image));
        b.includeSharing("b", part(), Map.of("in", image), "a");
        b.includeSharing("c", part(), Map.of("in", image), "b");
        Network network = b.build();

        assertThat(network.parameterCount()).isEqualTo(part().parameterCount());
        assertThat(names(network.parameters())).allMatch(name -> name.startsWith("a."));
        assertThat(network.nodes())
                .filteredOn(node -> node.name().endsWith(".conv"))
                .extracting(Network.Node::owner)
                .containsOnly("a.conv");
        refused(
                () -> b.includeSharing("d", part(), Map.of("in", image), "nobody"),
                "d: there is no node 'nobody.conv' to share parameters with");
    }

    @Test
    void anInitialValueDependsOnSeedAndNameAlone() {
        Network.Builder b = Network.builder();
        String x = b.input("in", MAP);
        b.add("first", Convolution.same(4, 8, 3, 1), x);
        b.add("conv", Convolution.same(4, 6, 3, 1), x);
        float[] alone = part().initialValues(7).get("conv.weight").values();

        assertThat(b.build().initialValues(7).get("conv.weight").values()).isEqualTo(alone);
        assertThat(part().initialValues(8).get("conv.weight").values()).isNotEqualTo(alone);
        assertThat(b.build().initialValues(7).get("first.weight").values()).doesNotContain(alone);
    }

    @Test
    void initialValuesHaveTheDistributionOfTheirLayer() {
        Network.Builder b = Network.builder();
        String x = b.input("in", Shape.of(64, 8, 8));
        x = b.add("conv", Convolution.same(64, 128, 3, 1), x);
        x = b.add("bn", new BatchNorm(128), x);
        b.add("fc", new Linear(128, 1000), b.add("pool", new GlobalAveragePool(), x));
        Map<String, Tensor> values = b.build().initialValues(1);

        float[] normal = values.get("conv.weight").values();
        // 73728 values: mean and deviation are within 5 standard errors (deviation / sqrt(n), deviation / sqrt(2n)).
        double deviation = Math.sqrt(2.0 / (128 * 9));
        assertThat(mean(normal)).isCloseTo(0, within(5 * deviation / Math.sqrt(normal.length)));
        assertThat(Math.sqrt(meanOfSquares(normal)))
                .isCloseTo(deviation, within(5 * deviation / Math.sqrt(2.0 * normal.length)));

        float[] uniform = values.get("fc.weight").values();
        double bound = 1 / Math.sqrt(128);
        assertThat(IntStream.range(0, uniform.length)
                        .mapToDouble(i -> Math.abs(uniform[i]))
                        .max()
                        .orElseThrow())
                .isLessThanOrEqualTo(bound)
                .isGreaterThan(0.99 * bound);
        assertThat(mean(uniform)).isCloseTo(0, within(5 * bound / Math.sqrt(3.0 * uniform.length)));

        Convolution pytorchs = new Convolution(64, 30, 3, 1, 1, 2).withBias().startingFrom(Convolution.Start.UNIFORM);
        assertThat(pytorchs.parameters())
                .extracting(ParameterSpec::initializer)
                .containsExactly(
                        new Initializer.Uniform(1 / Math.sqrt(32 * 9)), new Initializer.Uniform(1 / Math.sqrt(32 * 9)));

        assertThat(values.get("bn.weight").values()).containsOnly(1);
        assertThat(values.get("bn.bias").values()).containsOnly(0);
        assertThat(values.get("bn.running_mean").values()).containsOnly(0);
        assertThat(values.get("bn.running_var").values()).containsOnly(1);
    }

    @Test
    void normalValuesAreTheSameOnEveryMachine() {
        assertNormal(5, 1_000_000);
        // The first value of each lies between two floats, so near that Math alone does not decide.
        for (long seed : new long[] {498_091, 1_213_593, 1_890_691}) {
            assertNormal(seed, 1);
        }
    }

    private static void assertNormal(long seed, int count) {
        float[] values = new float[count];
        double deviation = Math.sqrt(2.0 / 9);
        new Initializer.Normal(deviation).fill(values, new SplittableRandom(seed));

        SplittableRandom random = new SplittableRandom(seed);
        for (float value : values) {
            double u = 1 - random.nextDouble();
            double gaussian = Math.sqrt(-2 * StrictMath.log(u)) * StrictMath.cos(2 * Math.PI * random.nextDouble());
            assertEquals((float) (deviation * gaussian), value);
        }
    }

    @Test
    void aNetworkTravelsToExecutors() throws Exception {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
            out.writeObject(part());
        }
        try (ObjectInputStream in = new ObjectInputStream(new ByteArrayInputStream(bytes.toByteArray()))) {
            Network copy = (Network) in.readObject();
            assertThat(copy.nodes()).isEqualTo(part().nodes());
            assertThat(copy.taps()).isEqualTo(part().taps());
            assertThat(copy.tapShape("out")).isEqualTo(Shape.of(3));
        }
    }

    private static void refused(org.assertj.core.api.ThrowableAssert.ThrowingCallable mistake, String message) {
        assertThatThrownBy(mistake).isInstanceOf(IllegalArgumentException.class).hasMessage(message);
    }

    private static List<String> names(List<ParameterSpec> specs) {
        return specs.stream().map(ParameterSpec::name).toList();
    }

    private static double mean(float[] values) {
        return IntStream.range(0, values.length)
                .mapToDouble(i -> values[i])
                .average()
                .orElseThrow();
    }

    private static double meanOfSquares(float[] values) {
        return IntStream.range(0, values.length)
                .mapToDouble(i -> (double) values[i] * values[i])
                .average()
                .orElseThrow();
    }
}
