package org.sftn.train.optimizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.sftn.ObjectiveRun.TRAINING;
import static org.sftn.ObjectiveRun.training;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.sftn.conf.EngineSettings.Precision;
import org.sftn.conf.TrainingSettings;
import org.sftn.engine.Engine;
import org.sftn.engine.TrainingExecutable;
import org.sftn.engine.bigdl.BigDlEngine;
import org.sftn.engine.onednn.OneDnnEngine;
import org.sftn.nn.Add;
import org.sftn.nn.BatchNorm;
import org.sftn.nn.Convolution;
import org.sftn.nn.GlobalAveragePool;
import org.sftn.nn.Linear;
import org.sftn.nn.Network;
import org.sftn.nn.ParameterVector;
import org.sftn.nn.Shape;
import org.sftn.nn.Tensor;
import org.sftn.nn.TransposedConvolution;
import org.sftn.train.exchange.Slice;

class WeightDecayTest {
    private static final int RANKS = 3;
    private static final Network NETWORK = network();
    private static final TrainingSettings WEIGHTS_ONLY =
            training(Map.of("weight-decay", "0.5", "decay-batch-norm-and-biases", "false"));

    static Stream<Engine> engines() {
        return Stream.of(new BigDlEngine(2), new OneDnnEngine(Precision.FP32, 2));
    }

    /** A parameter of every kind. */
    private static Network network() {
        Network.Builder b = Network.builder();
        String x = b.add("conv", Convolution.same(3, 20, 3, 1).withBias(), b.input("image", Shape.of(3, 8, 8)));
        x = b.add("bn", new BatchNorm(20), x);
        x = b.add("depthwise", new Convolution(20, 20, 3, 2, 1, 20), x);
        x = b.add("up", new TransposedConvolution(20, 5, 4, 2, 1).withBias(), x);
        x = b.add("pool", new GlobalAveragePool(), x);
        x = b.add("sum", new Add(), x, b.add("vector", new ParameterVector(5, 1)));
        return b.tap("out", b.add("fc", new Linear(5, 4), x)).build();
    }

    /** Without gradients a step of rate 1 leaves {@code 1 - decay} of a weight. */
    @ParameterizedTest
    @MethodSource("engines")
    void weightsAloneDecayInEveryEnginesOrder(Engine engine) {
        Map<String, Tensor> before = NETWORK.initialValues(1);
        before.values().forEach(tensor -> {
            for (int i = 0; i < tensor.values().length; i++) {
                tensor.values()[i] = 1 + i;
            }
        });
        Set<String> weights = Set.of("conv.weight", "depthwise.weight", "up.weight", "fc.weight");
        try (TrainingExecutable executable = engine.compileForTraining(NETWORK, Set.of("out"), 2)) {
            executable.load(before);
            WeightDecay decay = WeightDecay.of(WEIGHTS_ONLY, executable);
            float[] parameters = executable.parameters();
            for (int rank = 0; rank < RANKS; rank++) {
                Slice slice = Slice.of(parameters.length, rank, RANKS);
                try (Sgd sgd = new Sgd(parameters, List.of(slice), 0.9, false, decay, 1)) {
                    sgd.step(0, new float[slice.length()], 1);
                }
            }
            Map<String, Tensor> after = executable.save();
            NETWORK.parameters().forEach(spec -> {
                float[] expected = before.get(spec.name()).values().clone();
                for (int i = 0; i < expected.length; i++) {
                    expected[i] *= weights.contains(spec.name()) ? 0.5f : 1;
                }
                assertThat(after.get(spec.name()).values()).as(spec.name()).isEqualTo(expected);
            });
        }
    }

    @Test
    void neighborsWithOneDecayAreOneRun() {
        try (TrainingExecutable executable = new BigDlEngine(1).compileForTraining(NETWORK, Set.of("out"), 2)) {
            // From the last node: the bias of fc 4, fc 20, the vector and the bias of up 10, up 1600 and depthwise 180,
            // bn and the bias of conv 60,
            // conv 540.
            assertThat(WeightDecay.of(WEIGHTS_ONLY, executable).runs())
                    .containsExactly(
                            new WeightDecay.Run(4, 0),
                            new WeightDecay.Run(24, 0.5f),
                            new WeightDecay.Run(34, 0),
                            new WeightDecay.Run(1814, 0.5f),
                            new WeightDecay.Run(1874, 0),
                            new WeightDecay.Run(2414, 0.5f));
        }
    }

    @Test
    void byDefaultAllDecayAsOneRun() {
        try (TrainingExecutable executable = new BigDlEngine(1).compileForTraining(NETWORK, Set.of("out"), 2)) {
            assertThat(WeightDecay.of(TRAINING, executable).runs())
                    .isEqualTo(List.of(new WeightDecay.Run(Integer.MAX_VALUE, 5e-4f)));
        }
    }
}
