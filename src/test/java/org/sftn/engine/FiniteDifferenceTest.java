package org.sftn.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.sftn.conf.EngineSettings.Precision;
import org.sftn.engine.bigdl.BigDlEngine;
import org.sftn.engine.onednn.OneDnnEngine;
import org.sftn.nn.Add;
import org.sftn.nn.AveragePool;
import org.sftn.nn.BatchNorm;
import org.sftn.nn.ChannelShuffle;
import org.sftn.nn.ChannelSlice;
import org.sftn.nn.Concat;
import org.sftn.nn.Convolution;
import org.sftn.nn.Flatten;
import org.sftn.nn.GlobalAveragePool;
import org.sftn.nn.Layer;
import org.sftn.nn.LeakyRelu;
import org.sftn.nn.Linear;
import org.sftn.nn.MaxPool;
import org.sftn.nn.Network;
import org.sftn.nn.ParameterSpec;
import org.sftn.nn.ParameterVector;
import org.sftn.nn.Relu;
import org.sftn.nn.Relu6;
import org.sftn.nn.Shape;
import org.sftn.nn.Sigmoid;
import org.sftn.nn.SpatialAttention;
import org.sftn.nn.Tensor;
import org.sftn.nn.TransposedConvolution;
import org.sftn.nn.Upsample;

/**
 * Backward against central differences of forward. The loss is the sum of the products of all taps with fixed random tensors; each
 * parameter is moved along a random direction of signs.
 */
class FiniteDifferenceTest {
    private static final int BATCH = 5;
    /**
     * Rounding in fp32 gives the slope an error of some 1e-7 / STEP of the loss, the curvature of batch-norm one of order STEP squared.
     * Networks with a ReLU or a max pool are so small that hardly any value crosses zero or a larger one within a step.
     */
    private static final double STEP = 1e-3;
    /** Relative to the gradient's norm, which is about the size of a slope; the errors were below 3e-3. */
    private static final double TOLERANCE = 1e-2;

    static Stream<Named<Network>> networks() {
        return Stream.of(
                layer("3x3", new Convolution(4, 6, 3, 1, 1, 1)),
                layer("3x3 stride 2", new Convolution(4, 6, 3, 2, 1, 1)),
                layer("1x1", new Convolution(4, 6, 1, 1, 0, 1)),
                layer("1x1 stride 2", new Convolution(4, 6, 1, 2, 0, 1)),
                layer("1x1 padded", new Convolution(4, 6, 1, 1, 1, 1)),
                layer("5x5 unpadded", new Convolution(4, 6, 5, 1, 0, 1)),
                layer("5x5 padded by 4, stride 2", new Convolution(4, 6, 5, 2, 4, 1)),
                layer("2x2 stride 3", new Convolution(4, 6, 2, 3, 0, 1)),
                layer("3x3 grouped", new Convolution(4, 6, 3, 1, 1, 2)),
                layer("3x3 depthwise, stride 2", new Convolution(4, 4, 3, 2, 1, 4)),
                layer("4x4 transposed, stride 2", new TransposedConvolution(4, 6, 4, 2, 1)),
                layer("3x3 transposed", new TransposedConvolution(4, 6, 3, 1, 1)),
                layer("1x1 transposed", new TransposedConvolution(4, 6, 1, 1, 0)),
                layer("2x2 transposed, stride 3", new TransposedConvolution(4, 6, 2, 3, 0)),
                layer("3x3 with bias", new Convolution(4, 6, 3, 1, 1, 1).withBias()),
                layer("1x1 with bias, stride 2", new Convolution(4, 6, 1, 2, 0, 1).withBias()),
                layer("3x3 grouped with bias", new Convolution(4, 6, 3, 1, 1, 2).withBias()),
                layer("3x3 depthwise with bias", new Convolution(4, 4, 3, 1, 1, 4).withBias()),
                layer("4x4 transposed with bias, stride 2", new TransposedConvolution(4, 6, 4, 2, 1).withBias()),
                layer("3x3 transposed with bias", new TransposedConvolution(4, 6, 3, 1, 1).withBias()),
                layer("batch-norm", new BatchNorm(4)),
                layer("relu", new Relu(), Shape.of(3, 2, 3)),
                Named.of("relu6", relu6()),
                layer("leaky relu", new LeakyRelu(0.2), Shape.of(3, 2, 3)),
                layer("sigmoid", new Sigmoid()),
                Named.of("activations of vectors", vectors()),
                Named.of("gate", gate()),
                layer("3x3 max pool, stride 2", new MaxPool(3, 2, 1), Shape.of(3, 3, 4)),
                layer("2x2 max pool, stride 2", new MaxPool(2, 2, 0), Shape.of(3, 4, 5)),
                layer("global average pool", new GlobalAveragePool()),
                layer("3x3 average pool, stride 2", new AveragePool(3, 2, 1)),
                layer("2x2 average pool, stride 3", new AveragePool(2, 3, 0)),
                layer("upsampling", new Upsample(2)),
                layer("upsampling by 3", new Upsample(3)),
                layer("channel shuffle", new ChannelShuffle(2)),
                layer("first channel", new ChannelSlice(0, 1)),
                layer("inner channels", new ChannelSlice(1, 2)),
                layer("all channels", new ChannelSlice(0, 4)),
                Named.of("concat", concat()),
                Named.of("slices", slices()),
                Named.of("shuffle units", shuffleUnits()),
                Named.of("parameter vectors", learnedVectors()),
                layer("flatten", new Flatten()),
                Named.of("flattened maps", flattened()),
                Named.of("linear", linear()),
                Named.of("joined graph", joined()),
                Named.of("nothing trained before the first weights", untrainedStart()),
                Named.of("activations and gates before the first weights", untrainedActivations()),
                Named.of("shared parameters", shared()));
    }

    /** A convolution before the layer makes its input's gradient count. */
    private static Named<Network> layer(String name, Layer layer) {
        return layer(name, layer, Shape.of(3, 6, 7));
    }

    private static Named<Network> layer(String name, Layer layer, Shape image) {
        Network.Builder b = Network.builder();
        String x = b.input("image", image);
        x = b.add("before", new Convolution(3, 4, 1, 1, 0, 1), x);
        return Named.of(name, b.tap("out", b.add("layer", layer, x)).build());
    }

    /** A flattened map with other users, and one that nothing trained stands before. */
    private static Network flattened() {
        Network.Builder b = Network.builder();
        String image = b.input("image", Shape.of(3, 2, 3));
        String map = b.add("conv", Convolution.same(3, 4, 3, 1), image);
        String flat = b.add("flat", new Flatten(), map);
        String features = b.add("fc1", new Linear(24, 5), flat);
        String untrained = b.add("fc2", new Linear(18, 5), b.add("untrained", new Flatten(), image));
        return b.tap("map", map)
                .tap("flat", flat)
                .tap("again", b.add("again", new Flatten(), map))
                .tap("bn", b.add("bn", new BatchNorm(4), map))
                .tap("out", b.add("sum", new Add(), features, untrained))
                .build();
    }

    private static Network linear() {
        Network.Builder b = Network.builder();
        String x = b.add("before", new Linear(7, 5), b.input("image", Shape.of(7)));
        return b.tap("out", b.add("layer", new Linear(5, 4), x)).build();
    }

    /** Fan-out to layers of every kind, sums that take a value twice, two inputs, taps at inner values, a tap and its alias. */
    private static Network joined() {
        Network.Builder b = Network.builder();
        String image = b.input("image", Shape.of(3, 3, 3));
        String side = b.input("side", Shape.of(4, 3, 3));
        String normedImage = b.add("bn0", new BatchNorm(3), image);
        String stem = b.add("stem", Convolution.same(3, 4, 3, 1), normedImage);
        String bn1 = b.add("bn1", new BatchNorm(4), stem);
        String relu1 = b.add("relu1", new Relu(), bn1);
        String conv2 = b.add("conv2", Convolution.same(4, 4, 3, 1), relu1);
        String bn2 = b.add("bn2", new BatchNorm(4), conv2);
        String add1 = b.add("add1", new Add(), bn2, relu1);
        String twice = b.add("twice", new Add(), add1, add1, side);
        String thrice = b.add("thrice", new Add(), side, twice, bn2, twice);
        String relu2 = b.add("relu2", new Relu(), thrice);
        String again = b.add("relu3", new Relu(), relu2);
        String pool = b.add("pool", new GlobalAveragePool(), again);
        String pool1 = b.add("pool1", new GlobalAveragePool(), stem);
        String features = b.add("features", new Add(), pool, pool1);
        String fc = b.add("fc", new Linear(4, 3), features);
        String up = b.add("up", new TransposedConvolution(4, 2, 2, 2, 0), again);
        return b.tap("stem", stem)
                .tap("bn1", bn1)
                .tap("stem-again", stem)
                .tap("thrice", thrice)
                .tap("up", up)
                .tap("side", side)
                .tap("logits", fc)
                .build();
    }

    private static Network untrainedStart() {
        Network.Builder b = Network.builder();
        String image = b.input("image", Shape.of(3, 3, 3));
        String relu = b.add("relu", new Relu(), image);
        String sum = b.add("sum", new Add(), relu, image);
        String rectified = b.add("rectified", new Relu(), sum);
        String concat = b.add("concat", new Concat(), rectified, image);
        String shuffled = b.add("shuffle", new ChannelShuffle(2), concat);
        String slice = b.add("slice", new ChannelSlice(2, 3), shuffled);
        String pool = b.add("average", new AveragePool(3, 2, 1), slice);
        String up = b.add("up", new Upsample(2), pool);
        return b.tap("out", b.add("conv", Convolution.same(3, 4, 3, 1), up)).build();
    }

    private static Network shared() {
        Network.Builder p = Network.builder();
        String x = p.input("in", Shape.of(3, 3, 3));
        x = p.add("conv", Convolution.same(3, 4, 3, 1), x);
        x = p.add("bn", new BatchNorm(4), x);
        x = p.add("pool", new GlobalAveragePool(), p.add("relu", new Relu(), x));
        Network part = p.tap("out", p.add("fc", new Linear(4, 3), x)).build();

        Network.Builder b = Network.builder();
        String a = b.include("a", part, Map.of("in", b.input("image", Shape.of(3, 3, 3))))
                .get("out");
        String c = b.includeSharing("b", part, Map.of("in", b.input("other", Shape.of(3, 3, 3))), "a")
                .get("out");
        b.add("sum", new Add(), a, c);
        return b.tap("sum", "sum").build();
    }

    /** Its inputs lie between -20 and 20, so that each of its three parts counts. */
    private static Network relu6() {
        Network.Builder b = Network.builder();
        String x = b.add("before", new Convolution(3, 4, 1, 1, 0, 1), b.input("image", Shape.of(3, 2, 3)));
        String fourfold = b.add("fourfold", new Add(), x, x, x, x);
        return b.tap("out", b.add("layer", new Relu6(), fourfold)).build();
    }

    private static Network vectors() {
        Network.Builder b = Network.builder();
        String x = b.add("fc1", new Linear(7, 5), b.input("image", Shape.of(7)));
        x = b.add("leaky", new LeakyRelu(0.2), x);
        x = b.add("fc2", new Linear(5, 4), x);
        x = b.add("relu6", new Relu6(), x);
        x = b.add("sigmoid", new Sigmoid(), x);
        return b.tap("out", x).build();
    }

    /** Trained and untrained maps and gates, a gate of several maps that is a tap, a map that gates itself. */
    private static Network gate() {
        Network.Builder b = Network.builder();
        String image = b.input("image", Shape.of(3, 3, 4));
        String side = b.input("side", Shape.of(1, 3, 4));
        String map = b.add("map", Convolution.same(3, 4, 3, 1), image);
        String gate = b.add("gate", new Sigmoid(), b.add("raw", Convolution.same(3, 1, 1, 1), image));
        String gated = b.add("gated", new SpatialAttention(), map, gate);
        String twice = b.add("twice", new SpatialAttention(), gated, gate);
        String byInput = b.add("by-input", new SpatialAttention(), twice, side);
        return b.tap("gate", gate)
                .tap("map", map)
                .tap("out", b.add("sum", new Add(), gated, byInput))
                .tap("input", b.add("of-input", new SpatialAttention(), image, gate))
                .tap("squared", b.add("squared", new SpatialAttention(), gate, gate))
                .build();
    }

    private static Network untrainedActivations() {
        Network.Builder b = Network.builder();
        String image = b.input("image", Shape.of(3, 3, 3));
        String leaky = b.add("leaky", new LeakyRelu(0.2), image);
        String relu6 = b.add("relu6", new Relu6(), leaky);
        String sigmoid = b.add("sigmoid", new Sigmoid(), b.input("side", Shape.of(1, 3, 3)));
        String gated = b.add("gated", new SpatialAttention(), relu6, sigmoid);
        return b.tap("out", b.add("conv", Convolution.same(3, 4, 3, 1), gated))
                .tap("leaky", leaky)
                .build();
    }

    /** Of trained values and one that is not, some twice, some with other users; a tap and its alias. */
    private static Network concat() {
        Network.Builder b = Network.builder();
        String image = b.input("image", Shape.of(3, 4, 5));
        String one = b.add("one", new Convolution(3, 2, 1, 1, 0, 1), image);
        String other = b.add("other", Convolution.same(3, 5, 3, 1), image);
        String concat = b.add("concat", new Concat(), one, image, other, one);
        String sum = b.add("sum", new Add(), one, one);
        String again = b.add("again", new Concat(), concat, concat, sum);
        return b.tap("other", other)
                .tap("concat", concat)
                .tap("concat-again", concat)
                .tap("out", b.add("conv", new Convolution(26, 3, 1, 1, 0, 1), again))
                .build();
    }

    /** Disjoint ones with channels that none takes, overlapping ones, equal ones; of a value with other users. */
    private static Network slices() {
        Network.Builder b = Network.builder();
        String x = b.add("conv", Convolution.same(3, 9, 3, 1), b.input("image", Shape.of(3, 4, 5)));
        String late = b.add("late", new ChannelSlice(5, 2), x);
        String early = b.add("early", new ChannelSlice(1, 3), x);
        String over = b.add("over", new ChannelSlice(2, 4), x);
        String equal = b.add("equal", new ChannelSlice(5, 2), x);
        String of = b.add("slice-of-slice", new ChannelSlice(1, 1), over);
        String sum = b.add("sum", new Add(), late, equal);
        String norm = b.add("bn", new BatchNorm(9), x);
        String pool = b.add("pool", new GlobalAveragePool(), early);
        return b.tap("late", late)
                .tap("late-again", late)
                .tap("sum", sum)
                .tap("over", over)
                .tap("of", of)
                .tap("norm", norm)
                .tap("pool", pool)
                .build();
    }

    /** The units of ShuffleNetV2 with stride 2 and 1. */
    private static Network shuffleUnits() {
        Network.Builder b = Network.builder();
        String x = b.add("conv", Convolution.same(3, 6, 1, 1), b.input("image", Shape.of(3, 4, 4)));
        String left = b.add("left", new Convolution(6, 6, 3, 2, 1, 6), x);
        String right =
                b.add("right", new Convolution(6, 6, 3, 2, 1, 6), b.add("point", Convolution.same(6, 6, 1, 1), x));
        String down = b.add("down", new ChannelShuffle(2), b.add("joined", new Concat(), left, right));
        String kept = b.add("kept", new ChannelSlice(0, 6), down);
        String half = b.add("half", new ChannelSlice(6, 6), down);
        String bn = b.add("bn", new BatchNorm(6), b.add("pointwise", Convolution.same(6, 6, 1, 1), half));
        String out = b.add("out", new ChannelShuffle(3), b.add("joined2", new Concat(), kept, bn));
        return b.tap("down", down).tap("half", half).tap("out", out).build();
    }

    private static Network learnedVectors() {
        Network.Builder b = Network.builder();
        String pool = b.add("pool", new GlobalAveragePool(), b.input("image", Shape.of(3, 2, 2)));
        String vector = b.add("vector", new ParameterVector(3, -1));
        String other = b.add("other", new ParameterVector(3, 2));
        String sum = b.add("sum", new Add(), pool, vector, other, vector);
        return b.tap("vector", vector)
                .tap("vector-again", vector)
                .tap("logits", b.add("fc", new Linear(3, 4), sum))
                .build();
    }

    @ParameterizedTest
    @MethodSource("networks")
    void bigDlsGradientsAreTheSlopesOfTheLoss(Network network) {
        gradientsAreTheSlopesOfTheLoss(new BigDlEngine(2), network);
    }

    @ParameterizedTest
    @MethodSource("networks")
    void oneDnnsGradientsAreTheSlopesOfTheLoss(Network network) {
        gradientsAreTheSlopesOfTheLoss(new OneDnnEngine(Precision.FP32, 2), network);
    }

    private static void gradientsAreTheSlopesOfTheLoss(Engine engine, Network network) {
        Map<String, Tensor> inputs = new HashMap<>();
        network.inputs()
                .forEach((name, shape) -> inputs.put(name, Reproducible.tensor(name, shape.batched(BATCH), 3, 0)));
        Map<String, Tensor> weights = new LinkedHashMap<>();
        network.taps()
                .keySet()
                .forEach(tap -> weights.put(
                        tap,
                        Reproducible.tensor(
                                "gradient." + tap, network.tapShape(tap).batched(BATCH), 1, 0)));
        Set<String> taps = network.taps().keySet();

        try (TrainingExecutable executable = engine.compileForTraining(network, taps, BATCH)) {
            Map<String, Tensor> values = new HashMap<>(network.initialValues(1));
            network.parameters()
                    .forEach(spec -> values.put(spec.name(), Reproducible.parameter(spec.name(), spec.shape())));
            executable.load(values);
            executable.forward(inputs);
            executable.backward(weights);
            Map<String, Tensor> gradients = NamedGradients.of(executable);

            for (ParameterSpec spec : network.parameters()) {
                float[] gradient = gradients.get(spec.name()).values();
                double[] signs = Arrays.stream(Reproducible.values("sign." + spec.name(), gradient.length))
                        .map(Math::signum)
                        .toArray();
                double slope = 0;
                double norm = 0;
                for (int i = 0; i < gradient.length; i++) {
                    slope += gradient[i] * signs[i];
                    norm += (double) gradient[i] * gradient[i];
                }
                assertThat(norm).as("the loss depends on %s", spec.name()).isPositive();

                double up = lossAfter(executable, inputs, weights, moved(values, spec.name(), signs, STEP));
                double down = lossAfter(executable, inputs, weights, moved(values, spec.name(), signs, -STEP));

                assertThat((up - down) / (2 * STEP))
                        .as("slope of the loss along %s", spec.name())
                        .isCloseTo(slope, within(TOLERANCE * Math.sqrt(norm)));
            }
        }
    }

    private static Map<String, Tensor> moved(Map<String, Tensor> values, String name, double[] signs, double step) {
        Tensor before = values.get(name);
        float[] after = before.values().clone();
        for (int i = 0; i < after.length; i++) {
            after[i] = (float) (after[i] + step * signs[i]);
        }
        Map<String, Tensor> moved = new HashMap<>(values);
        moved.put(name, new Tensor(before.shape(), after));
        return moved;
    }

    private static double lossAfter(
            TrainingExecutable executable,
            Map<String, Tensor> inputs,
            Map<String, Tensor> weights,
            Map<String, Tensor> parameters) {
        executable.load(parameters);
        double loss = 0;
        for (Map.Entry<String, Tensor> tap : executable.forward(inputs).entrySet()) {
            float[] values = tap.getValue().values();
            float[] factors = weights.get(tap.getKey()).values();
            for (int i = 0; i < values.length; i++) {
                loss += (double) values[i] * factors[i];
            }
        }
        return loss;
    }
}
