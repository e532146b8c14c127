package org.sftn.train;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.sftn.conf.UserException;
import org.sftn.data.Batch;
import org.sftn.engine.Engine;
import org.sftn.nn.BatchNorm;
import org.sftn.nn.Convolution;
import org.sftn.nn.GlobalAveragePool;
import org.sftn.nn.Linear;
import org.sftn.nn.Network;
import org.sftn.nn.Relu;
import org.sftn.nn.Shape;
import org.sftn.nn.Taps;
import org.sftn.nn.Tensor;
import org.sftn.train.loss.CrossEntropy;

/**
 * A small network and its cross-entropy, with something that goes wrong once.
 *
 * @param trouble what happens at a step
 * @param step of a rank since it was started, from 1
 * @param once a file whose existence means that it has happened
 */
record ToyObjective(int size, int classes, boolean batchNorm, long seed, Trouble trouble, int step, String once)
        implements Objective {
    private static final String PREFIX = "model";
    private static final int CHANNELS = 6;

    enum Trouble {
        NONE,
        USER_MISTAKE,
        EXCEPTION,
        NOT_A_NUMBER,
        KILL
    }

    static ToyObjective of(int size, int classes, boolean batchNorm) {
        return new ToyObjective(size, classes, batchNorm, 7, Trouble.NONE, 0, "");
    }

    ToyObjective with(Trouble what, int at, Path marker) {
        return new ToyObjective(size, classes, batchNorm, seed, what, at, marker.toString());
    }

    @Override
    public Network network() {
        Network.Builder builder = Network.builder();
        String image = builder.input(Taps.IMAGE, Shape.of(3, size, size));
        builder.include(PREFIX, classifier(), Map.of(Taps.IMAGE, image));
        return builder.build();
    }

    @Override
    public Optional<String> logits() {
        return Optional.of(PREFIX + "." + Taps.LOGITS);
    }

    @Override
    public Optional<Network> model() {
        return Optional.of(classifier());
    }

    private Network classifier() {
        Network.Builder builder = Network.builder();
        String value = builder.input(Taps.IMAGE, Shape.of(3, size, size));
        value = builder.add("conv", Convolution.same(3, CHANNELS, 3, 1), value);
        if (batchNorm) {
            value = builder.add("bn", new BatchNorm(CHANNELS), value);
        }
        value = builder.add("relu", new Relu(), value);
        value = builder.add("pool", new GlobalAveragePool(), value);
        value = builder.add("fc", new Linear(CHANNELS, classes), value);
        return builder.tap(Taps.LOGITS, value).build();
    }

    @Override
    public Map<String, Tensor> initialValues() {
        return network().initialValues(seed);
    }

    @Override
    public Set<String> taps() {
        return Set.of(PREFIX + "." + Taps.LOGITS);
    }

    @Override
    public String modelPrefix() {
        return PREFIX;
    }

    @Override
    public StepLoss open(Engine engine, Shard shard) {
        return new StepLoss() {
            private int steps;

            @Override
            public Loss loss(Batch images, Map<String, Tensor> outputs, int epoch) {
                steps++;
                boolean trouble = steps == step && isFirst();
                if (trouble) {
                    happen();
                }
                String tap = PREFIX + "." + Taps.LOGITS;
                CrossEntropy loss = CrossEntropy.of(outputs.get(tap), images.labels());
                double value = trouble && ToyObjective.this.trouble == Trouble.NOT_A_NUMBER ? Double.NaN : loss.value();
                Map<String, Double> terms = new LinkedHashMap<>();
                terms.put("ce", value);
                terms.put("half", value / 2);
                return new Loss(value, terms, Map.of(tap, loss.gradient()));
            }
        };
    }

    private boolean isFirst() {
        try {
            Files.createFile(Path.of(once));
            return true;
        } catch (java.nio.file.FileAlreadyExistsException e) {
            return false;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void kill() {
        try {
            new ProcessBuilder(
                            "kill", "-9", Long.toString(ProcessHandle.current().pid()))
                    .start()
                    .waitFor();
        } catch (IOException | InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private void happen() {
        switch (trouble) {
            case USER_MISTAKE -> throw new UserException("the label of image 12 is wrong");
            case EXCEPTION -> throw new IllegalStateException("something broke");
            case KILL -> kill();
            default -> {}
        }
    }
}
