package org.sftn.distill.method;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.sftn.ObjectiveRun.TRAINING;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.sftn.conf.Settings;
import org.sftn.data.Batch;
import org.sftn.distill.DistillObjective;
import org.sftn.distill.Pair;
import org.sftn.engine.Engine;
import org.sftn.engine.NamedGradients;
import org.sftn.engine.Reproducible;
import org.sftn.engine.TrainingExecutable;
import org.sftn.engine.bigdl.BigDlEngine;
import org.sftn.nn.BatchNorm;
import org.sftn.nn.Convolution;
import org.sftn.nn.GlobalAveragePool;
import org.sftn.nn.Linear;
import org.sftn.nn.Network;
import org.sftn.nn.ParameterSpec;
import org.sftn.nn.Relu;
import org.sftn.nn.Shape;
import org.sftn.nn.Taps;
import org.sftn.nn.Tensor;
import org.sftn.train.RankLabels;
import org.sftn.train.StepLoss;
import org.sftn.train.loss.Loss;
import org.sftn.zoo.Architecture;

/**
 * The gradient of every parameter that a method trains, in the student and in its modules, against finite differences of the
 * loss, for the method's main stage and its preliminary one. Each parameter is moved along a random direction of signs.
 */
class MethodGradientTest {
    private static final int BATCH = 4;
    private static final int CLASSES = 5;
    private static final Shape IMAGE = Shape.of(3, 16, 16);
    /** After all warm-ups. */
    private static final int EPOCH = 30;

    /** Small, since a loss of relations is steep: at 5e-4 values that cross a ReLU's zero move SP's slope by a fifth. */
    private static final double STEP = 6e-5;

    /**
     * Relative to the gradient's norm, and to the loss for what fp32 rounds away: 1e-7 of the loss over the step. A few of the
     * thousands of values cross a ReLU's zero within a step.
     */
    private static final double TOLERANCE = 3e-2;

    private static final double ROUNDING = 2e-3;

    @ParameterizedTest
    @MethodSource("org.sftn.distill.method.MethodTable#rows")
    void theMainStagesGradientsAreTheSlopesOfTheLoss(MethodTable.Row row) {
        Pair pair = pair(row);
        gradientsAreSlopes(DistillObjective.of(pair, Methods.recipe(settings(row), pair), TRAINING, 1));
    }

    @ParameterizedTest
    @MethodSource("org.sftn.distill.method.MethodTable#rows")
    void thePreliminaryStagesGradientsAreTheSlopesOfTheLoss(MethodTable.Row row) {
        Pair pair = pair(row);
        DistillObjective.first(pair, Methods.recipe(settings(row), pair), TRAINING, 1)
                .ifPresent(first -> gradientsAreSlopes(first.objective()));
    }

    private static void gradientsAreSlopes(DistillObjective objective) {
        Engine engine = new BigDlEngine(2);
        Batch batch = batch();
        RankLabels shard = new RankLabels(
                LongStream.range(0, 20).toArray(),
                () -> IntStream.range(0, 20).map(i -> i % CLASSES).toArray(),
                BATCH,
                1);
        try (TrainingExecutable training =
                        engine.compileForTraining(objective.network(), objective.taps(), BATCH * objective.views());
                StepLoss loss = objective.open(engine, shard)) {
            assertThat(loss.state().isEmpty()).isEqualTo(objective.remembering().isEmpty());
            Map<String, Tensor> values = new HashMap<>(objective.initialValues());
            training.load(values);
            // The first loss may set up what the method remembers.
            Map<String, Tensor> inputs = loss.inputs(batch);
            loss.loss(batch, training.forward(inputs), EPOCH);
            Map<String, Tensor> state = copy(loss.state());
            Loss found = loss.loss(batch, training.forward(inputs), EPOCH);
            assertThat(found.total()).isFinite();
            training.backward(found.gradients());
            Map<String, Tensor> gradients = copy(NamedGradients.of(training));
            int moved = 0;
            for (ParameterSpec spec : objective.network().parameters()) {
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
                if (norm > 0) {
                    moved++;
                }
                double[] ends = new double[2];
                for (int end = 0; end < 2; end++) {
                    Map<String, Tensor> there = new HashMap<>(values);
                    there.put(spec.name(), along(values.get(spec.name()), signs, end == 0 ? STEP : -STEP));
                    training.load(there);
                    loss.restore(copy(state));
                    ends[end] =
                            loss.loss(batch, training.forward(inputs), EPOCH).total();
                }
                assertThat((ends[0] - ends[1]) / (2 * STEP))
                        .as("slope of the loss along %s", spec.name())
                        .isCloseTo(slope, within(TOLERANCE * Math.sqrt(norm) + ROUNDING * Math.abs(found.total())));
            }
            assertThat(moved).as("parameters that the loss depends on").isPositive();
        }
    }

    private static Tensor along(Tensor before, double[] signs, double step) {
        float[] after = before.values().clone();
        for (int i = 0; i < after.length; i++) {
            after[i] = (float) (after[i] + step * signs[i]);
        }
        return new Tensor(before.shape(), after);
    }

    private static Map<String, Tensor> copy(Map<String, Tensor> tensors) {
        Map<String, Tensor> copy = new LinkedHashMap<>();
        tensors.forEach((name, tensor) ->
                copy.put(name, new Tensor(tensor.shape(), tensor.values().clone())));
        return copy;
    }

    private static Settings settings(MethodTable.Row row) {
        Map<String, String> values = new HashMap<>(row.settings());
        values.put("distill.method", row.method());
        return Settings.of(List.of(Settings.assignments(values, "test")));
    }

    private static Pair pair(MethodTable.Row row) {
        Architecture student = network("tiny-student", 4, 6, 8);
        Architecture teacher = row.equalWidths() ? network("tiny-teacher", 4, 6, 8) : network("teacher", 6, 8, 10);
        return new Pair(Optional.of(new Pair.Teacher(teacher, teacher.network().initialValues(7))), student);
    }

    /** A stem and three stages of one convolution each; every stage but the first halves the image. */
    private static Architecture network(String name, int... widths) {
        Network.Builder stem = Network.builder();
        String x = stem.input(Taps.IMAGE, IMAGE);
        x = stem.add("conv1", Convolution.same(3, widths[0], 3, 2), x);
        x = stem.add("relu1", new Relu(), stem.add("bn1", new BatchNorm(widths[0]), x));
        stem.tap(Taps.STEM, x);
        List<Network> stages = new ArrayList<>();
        Shape shape = stem.shape(x);
        for (int stage = 1; stage <= widths.length; stage++) {
            Network.Builder b = Network.builder();
            String prefix = "stage" + stage + ".";
            String y = b.input(Architecture.FEATURES, shape);
            y = b.add(prefix + "conv", Convolution.same(shape.channels(), widths[stage - 1], 3, stage == 1 ? 1 : 2), y);
            y = b.add(prefix + "bn", new BatchNorm(widths[stage - 1]), y);
            b.tap(Taps.stagePreActivation(stage), y);
            y = b.add(prefix + "relu", new Relu(), y);
            shape = b.shape(y);
            stages.add(b.tap(Taps.stage(stage), y).build());
        }
        Network.Builder head = Network.builder();
        String pooled = head.add("pool", new GlobalAveragePool(), head.input(Architecture.FEATURES, shape));
        String logits = head.add("fc", new Linear(shape.channels(), CLASSES), pooled);
        head.tap(Taps.LAST_MAP, Architecture.FEATURES).tap(Taps.POOLED, pooled).tap(Taps.LOGITS, logits);
        return new Architecture(name, IMAGE, CLASSES, stem.build(), stages, head.build(), UnaryOperator.identity());
    }

    private static Batch batch() {
        Random random = new Random(3);
        Tensor images = Tensor.zeros(IMAGE.batched(BATCH));
        for (int i = 0; i < images.values().length; i++) {
            images.values()[i] = (float) random.nextGaussian();
        }
        return new Batch(images, new int[] {1, 0, 4, 2}, new long[] {6, 5, 14, 17});
    }
}
