package org.sftn.train;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
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
import org.sftn.train.loss.Loss;

/**
 * A small network and its cross-entropy, with something that goes wrong once.
 *
 * @param trouble what happens at a step
 * @param step of a rank since it was started, from 1
 * @param once a file whose existence means that it has happened; holds the process id
 * @param times how often it happens: "-1", "-2" and so on are added to the name for the second time and later
 */
record ToyObjective(
        int size, int classes, boolean batchNorm, long seed, Trouble trouble, int step, String once, int times)
        implements Objective {
    static final String GO_ON = "go-on";
    private static final String PREFIX = "model";
    private static final int CHANNELS = 6;

    enum Trouble {
        NONE,
        USER_MISTAKE,
        EXCEPTION,
        NOT_A_NUMBER,
        /** A finite loss, but a gradient that is not. */
        GRADIENT_NOT_A_NUMBER,
        OUT_OF_MEMORY,
        STACK_OVERFLOW,
        MISSING_CLASS,
        /** Ends the process by kill -9, as an operator or the system's out-of-memory killer does. */
        KILL,
        /** Stops the process by kill -STOP, so that it hangs. */
        STOP,
        /** Waits until a file is beside the marker: {@link #GO_ON}. */
        WAIT,
        /** Puts a file where the run, which lies beside the marker, has its checkpoints. */
        TAKE_CHECKPOINTS
    }

    static ToyObjective of(int size, int classes, boolean batchNorm) {
        return new ToyObjective(size, classes, batchNorm, 7, Trouble.NONE, 0, "", 1);
    }

    ToyObjective with(Trouble what, int at, Path marker) {
        return new ToyObjective(size, classes, batchNorm, seed, what, at, marker.toString(), 1);
    }

    ToyObjective twice() {
        return new ToyObjective(size, classes, batchNorm, seed, trouble, step, once, 2);
    }

    @Override
    public Network network() {
        Network.Builder builder = Network.builder();
        String image = builder.input(Taps.IMAGE, Shape.of(3, size, size));
        builder.include(PREFIX, classifier(), Map.of(Taps.IMAGE, image));
        return builder.build();
    }

    @Override
    public Map<String, String> logits() {
        return Map.of(MODEL, PREFIX + "." + Taps.LOGITS);
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
    public StepLoss open(Engine engine, RankLabels shard) {
        return new StepLoss() {
            private int steps;

            @Override
            public Loss loss(Batch images, Map<String, Tensor> outputs, int epoch) {
                steps++;
                // On one rank, so that it happens once an attempt.
                boolean trouble = steps == step && shard.indices()[0] == 0 && isFirst();
                if (trouble) {
                    happen();
                }
                String tap = PREFIX + "." + Taps.LOGITS;
                CrossEntropy loss = CrossEntropy.of(outputs.get(tap), images.labels());
                double value = trouble && ToyObjective.this.trouble == Trouble.NOT_A_NUMBER ? Double.NaN : loss.value();
                Map<String, Double> terms = new LinkedHashMap<>();
                terms.put("ce", value);
                terms.put("half", value / 2);
                Tensor gradient = loss.gradient();
                if (trouble && ToyObjective.this.trouble == Trouble.GRADIENT_NOT_A_NUMBER) {
                    Arrays.fill(gradient.values(), Float.NaN);
                }
                return new Loss(value, terms, Map.of(tap, gradient));
            }
        };
    }

    private boolean isFirst() {
        for (int time = 0; time < times; time++) {
            Path marker = Path.of(time == 0 ? once : once + "-" + time);
            try {
                Files.createFile(marker);
                Files.writeString(marker, Long.toString(ProcessHandle.current().pid()));
                return true;
            } catch (java.nio.file.FileAlreadyExistsException e) {
                // The next time, perhaps.
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
        return false;
    }

    private void takeCheckpoints() {
        Path checkpoints = Path.of(once).resolveSibling("checkpoints");
        try {
            // Meanwhile the driver, which writes the marker, would make the folder anew.
            while (!isMarked(checkpoints)) {
                Thread.sleep(5);
            }
            Files.move(checkpoints, checkpoints.resolveSibling("taken"));
            Files.createFile(checkpoints);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Whether each checkpoint, of which there is one, has its marker. */
    private static boolean isMarked(Path checkpoints) throws IOException {
        try (Stream<Path> all = Files.list(checkpoints)) {
            List<Path> folders = all.filter(Files::isDirectory).toList();
            return !folders.isEmpty()
                    && folders.stream()
                            .map(each -> each.getFileName().toString().split("-")[0] + ".json")
                            .allMatch(marker -> Files.exists(checkpoints.resolve(marker)));
        }
    }

    /** Waits for {@link Trouble#TAKE_CHECKPOINTS}, and undoes it after some time. */
    static void giveBackCheckpoints(Path once, Duration after) {
        try {
            while (!Files.exists(once.resolveSibling("taken"))) {
                Thread.sleep(5);
            }
            Thread.sleep(after.toMillis());
            Path checkpoints = once.resolveSibling("checkpoints");
            Files.delete(checkpoints);
            Files.move(once.resolveSibling("taken"), checkpoints);
        } catch (IOException | InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private void awaitGoOn() {
        try {
            while (!Files.exists(Path.of(once).resolveSibling(GO_ON))) {
                Thread.sleep(5);
            }
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private static void signal(String signal) {
        try {
            new ProcessBuilder(
                            "kill",
                            signal,
                            Long.toString(ProcessHandle.current().pid()))
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
            case OUT_OF_MEMORY -> throw new OutOfMemoryError("nothing is left");
            case STACK_OVERFLOW -> throw new StackOverflowError("too deep");
            case MISSING_CLASS -> throw new NoClassDefFoundError("a/Library");
            case KILL -> signal("-KILL");
            case STOP -> signal("-STOP");
            case WAIT -> awaitGoOn();
            case TAKE_CHECKPOINTS -> takeCheckpoints();
            default -> {}
        }
    }
}
