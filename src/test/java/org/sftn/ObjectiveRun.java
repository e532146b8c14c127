package org.sftn;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.sftn.conf.Settings;
import org.sftn.conf.TrainingSettings;
import org.sftn.data.Batch;
import org.sftn.engine.Engine;
import org.sftn.engine.TrainingExecutable;
import org.sftn.model.ModelDescription;
import org.sftn.model.SavedModel;
import org.sftn.nn.Shape;
import org.sftn.nn.Tensor;
import org.sftn.train.Objective;
import org.sftn.train.RankLabels;
import org.sftn.train.StepLoss;
import org.sftn.train.loss.Loss;
import org.sftn.zoo.Architecture;
import org.sftn.zoo.Zoo;

/** An objective trained by plain gradient descent on one batch of noise, without Spark. */
public final class ObjectiveRun implements AutoCloseable {
    public static final int CLASSES = 10;
    /** The defaults. */
    public static final TrainingSettings TRAINING = training(Map.of());

    private static final Shape IMAGE = Shape.of(3, 32, 32);

    private final TrainingExecutable executable;
    private final StepLoss loss;
    private final Batch batch = batch();

    public ObjectiveRun(Objective objective, Engine engine) {
        executable = engine.compileForTraining(objective.network(), objective.taps(), batch.size() * objective.views());
        executable.load(objective.initialValues());
        loss = objective.open(engine, new RankLabels(batch.indices(), batch::labels, batch.size(), 1));
    }

    /** @param changed by key, without {@code training.} */
    public static TrainingSettings training(Map<String, String> changed) {
        Map<String, String> values = new HashMap<>();
        changed.forEach((key, value) -> values.put("training." + key, value));
        return Settings.of(List.of(Settings.assignments(values, "test"))).training();
    }

    public static Architecture zoo(String name) {
        return Zoo.create(name, IMAGE, CLASSES);
    }

    public static SavedModel saved(String architecture, int classes, Map<String, Tensor> values) {
        List<String> names = new ArrayList<>();
        for (int i = 0; i < classes; i++) {
            names.add("class " + i);
        }
        List<Double> ones = List.of(1., 1., 1.);
        return new SavedModel(
                new ModelDescription(1, architecture, List.of(3, 32, 32), names, ones, ones, "", Map.of()), values);
    }

    private static Batch batch() {
        Random random = new Random(3);
        Tensor images = Tensor.zeros(IMAGE.batched(4));
        for (int i = 0; i < images.values().length; i++) {
            images.values()[i] = (float) random.nextGaussian();
        }
        return new Batch(images, new int[] {1, 0, 9, 4}, new long[] {0, 1, 2, 3});
    }

    public void load(Map<String, Tensor> values) {
        executable.load(values);
    }

    /** Forward, loss, backward. */
    public Loss gradient() {
        Loss value = loss.loss(batch, executable.forward(loss.inputs(batch)), 0);
        executable.backward(value.gradients());
        return value;
    }

    /** @return the losses before each step */
    public List<Loss> descend(int steps, float rate) {
        List<Loss> losses = new ArrayList<>();
        for (int i = 0; i < steps; i++) {
            losses.add(gradient());
            for (int p = 0; p < executable.parameters().length; p++) {
                executable.parameters()[p] -= rate * executable.gradients()[p];
            }
        }
        return losses;
    }

    /** The last gradient of a parameter. */
    public float[] gradient(String name) {
        return executable.canonical(name, executable.gradients()).values();
    }

    public double gradientNorm(String name) {
        double sum = 0;
        for (float value : gradient(name)) {
            sum += value * value;
        }
        return Math.sqrt(sum);
    }

    @Override
    public void close() {
        loss.close();
        executable.close();
    }
}
