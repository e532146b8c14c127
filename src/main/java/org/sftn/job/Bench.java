package org.sftn.job;

import com.fasterxml.jackson.annotation.JsonUnwrapped;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.PropertyNamingStrategies.SnakeCaseStrategy;
import com.fasterxml.jackson.databind.annotation.JsonNaming;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;
import org.sftn.conf.Settings;
import org.sftn.conf.TrainingSettings.Wire;
import org.sftn.conf.UserException;
import org.sftn.data.Batch;
import org.sftn.distill.DistillObjective;
import org.sftn.distill.Pair;
import org.sftn.distill.method.Methods;
import org.sftn.engine.Engine;
import org.sftn.engine.Engines;
import org.sftn.engine.TrainingExecutable;
import org.sftn.nn.Layout;
import org.sftn.nn.Network;
import org.sftn.nn.Shape;
import org.sftn.nn.Taps;
import org.sftn.nn.Tensor;
import org.sftn.teacher.TeacherObjective;
import org.sftn.train.Objective;
import org.sftn.train.RankLabels;
import org.sftn.train.StepLoss;
import org.sftn.train.exchange.Member;
import org.sftn.train.exchange.Slice;
import org.sftn.train.loss.Loss;
import org.sftn.train.optimizer.Sgd;
import org.sftn.train.optimizer.WeightDecay;
import org.sftn.zoo.Architecture;
import org.sftn.zoo.Zoo;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help.Visibility;
import picocli.CommandLine.Option;

/**
 * Measures a training step without Spark: forward, loss, backward and SGD, with the objectives of the teacher and distill jobs
 * and their default settings, on a batch of noise.
 *
 * <p>Input: none. Output: one line of JSON, see {@link Line}.
 *
 * <p>Example: {@code jobs/bench.sh --network sftn:resnet20:resnet8 --batch 64 --precision fp32 --iterations 12}
 */
@Command(
        description = "Measure a training step without Spark; prints one line of JSON.",
        footer = {
            "",
            "NETWORK is one of the zoo, with the images and classes of CIFAR-100 or",
            "ImageNet; sftn:TEACHER:STUDENT, a student-friendly teacher with its branches;",
            "or METHOD:TEACHER:STUDENT, a student and its frozen teacher, with a method",
            "of jobs/list.sh and one executor's share of CIFAR-100.",
            "",
            "jobs/bench.sh --against-pytorch [--rounds=5] [--python=python3] [options above]",
            "takes turns with the same step in PyTorch, of several ranks with its",
            "DistributedDataParallel, and prints a table of medians."
        })
final class Bench implements TextCommand {
    private static final int WARM_UP = 2;
    private static final int IMAGES = 50_000;
    // Small: a random teacher's features are large, so losses are steep, and no step must leave the range of floats.
    static final double LEARNING_RATE = 1e-5;
    private static final double MOMENTUM = 0.9;
    private static final double WEIGHT_DECAY = 5e-4;
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Path STATUS = Path.of("/proc/self/status");
    private static final Pattern PEAK = Pattern.compile("VmHWM:\\s+(\\d+) kB");

    @Option(
            names = "--network",
            paramLabel = "NETWORK",
            defaultValue = "resnet32x4",
            showDefaultValue = Visibility.ALWAYS,
            description = "What is trained; see below.")
    private String network;

    @Option(
            names = "--batch",
            paramLabel = "IMAGES",
            defaultValue = "64",
            showDefaultValue = Visibility.ALWAYS,
            description = "Images a step, of all ranks together.")
    private int batch;

    @Option(
            names = "--precision",
            paramLabel = "auto|fp32|bf16",
            defaultValue = "auto",
            showDefaultValue = Visibility.ALWAYS,
            description = "Of activations and products; auto is bf16 where the processor multiplies it.")
    private String precision;

    @Option(
            names = "--iterations",
            paramLabel = "STEPS",
            defaultValue = "12",
            showDefaultValue = Visibility.ALWAYS,
            description = "Measured steps, after " + WARM_UP + " to warm up.")
    private int iterations;

    @Option(
            names = "--threads",
            paramLabel = "THREADS",
            defaultValue = "2",
            showDefaultValue = Visibility.ALWAYS,
            description = "Of the engine, in each rank.")
    private int threads;

    @Option(names = "--engine", paramLabel = "NAME", description = "The default is reference.conf's.")
    private String engine;

    @Option(
            names = "--ranks",
            paramLabel = "RANKS",
            defaultValue = "1",
            showDefaultValue = Visibility.ALWAYS,
            description =
                    "Processes that share the batch and exchange gradients; each has the threads that --threads says.")
    private int ranks;

    @Option(
            names = "--wire",
            paramLabel = "fp32|bf16",
            defaultValue = "fp32",
            showDefaultValue = Visibility.ALWAYS,
            description = "How gradients travel between ranks.")
    private String wire;

    @Option(names = "--rank", hidden = true, defaultValue = "-1")
    private int rank;

    /**
     * What is printed. The keys that the PyTorch script has too are named as there.
     *
     * @param engine its description
     * @param batch of all ranks
     * @param threads of each rank
     * @param parameters trained ones: a frozen teacher's do not count
     * @param imagesPerSecond of the median step
     * @param milliseconds of the median step
     * @param peakMemoryMib resident memory of the process at its highest; null where the system does not tell
     * @param loss of the last step
     * @param distributed of several ranks only; its fields stand among the others
     */
    @JsonNaming(SnakeCaseStrategy.class)
    record Line(
            String engine,
            String network,
            int batch,
            String precision,
            int threads,
            int iterations,
            long parameters,
            double imagesPerSecond,
            double milliseconds,
            @Nullable Double peakMemoryMib,
            double loss,
            @JsonUnwrapped @Nullable Distributed distributed) {}

    /**
     * What the exchange takes. All figures are medians of the slowest rank.
     *
     * @param wire how gradients travel
     * @param computingMilliseconds of forward, loss and backward of all ranks at the same time, without an exchange
     * @param exchangeMilliseconds of the exchange and the update alone
     * @param exchangeHiddenShare of those, in [0, 1]: what a step does not take longer than computing
     */
    @JsonNaming(SnakeCaseStrategy.class)
    record Distributed(
            int ranks,
            String wire,
            double computingMilliseconds,
            double exchangeMilliseconds,
            double exchangeHiddenShare) {}

    /** @param milliseconds of each measured step */
    record Steps(double[] milliseconds, double lastLoss) {
        double median() {
            return Bench.median(milliseconds);
        }
    }

    static double median(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        int n = sorted.length;
        return (sorted[(n - 1) / 2] + sorted[n / 2]) / 2;
    }

    /** @throws UserException when an option's value cannot be used */
    @Override
    public String text() throws IOException {
        requirePositive("--batch", batch);
        requirePositive("--iterations", iterations);
        requirePositive("--threads", threads);
        requirePositive("--ranks", ranks);
        if (batch % ranks != 0) {
            throw new UserException("--batch must be a multiple of --ranks, " + ranks + ", not " + batch);
        }
        Settings settings = settings();
        if (ranks == 1 && settings.training().wire() != Wire.FP32) {
            throw new UserException("--wire " + wire + " needs --ranks of at least 2: one rank sends nothing");
        }
        Objective objective = objective(network, settings);
        Engine made = Engines.create(settings.engine(), threads);
        int local = batch / ranks;
        Batch images =
                batch(objective.model().orElseThrow(), made.imageLayout(), local, settings.seed() + Math.max(0, rank));
        if (rank >= 0) {
            BenchRank.Answer answer = new BenchRank(
                            new Member(rank, ranks),
                            made,
                            objective,
                            images,
                            iterations,
                            settings.training().wire())
                    .measure();
            return JSON.writeValueAsString(answer);
        }
        if (ranks > 1) {
            BenchRank.Answer slowest = BenchRank.start(ranks, command());
            Distributed distributed = new Distributed(
                    ranks,
                    wire,
                    rounded(slowest.computing(), 2),
                    rounded(slowest.exchange(), 2),
                    rounded(slowest.hiddenShare(), 3));
            return line(made, objective, slowest.step(), slowest.peakMemoryMib(), slowest.loss(), distributed);
        }
        Steps steps = measure(made, objective, images, iterations, threads);
        return line(made, objective, steps.median(), peakMemoryMib(), steps.lastLoss(), null);
    }

    private String line(
            Engine made,
            Objective objective,
            double milliseconds,
            @Nullable Double memory,
            double loss,
            @Nullable Distributed distributed)
            throws IOException {
        return JSON.writeValueAsString(new Line(
                made.description(),
                network,
                batch,
                made.precision().name().toLowerCase(Locale.ROOT),
                threads,
                iterations,
                objective.network().parameterCount(),
                rounded(batch * 1000 / milliseconds, 1),
                rounded(milliseconds, 2),
                memory,
                rounded(loss, 4),
                distributed));
    }

    /** What starts a rank, except its number. */
    private List<String> command() {
        List<String> words = new ArrayList<>(List.of(
                "bench",
                "--network=" + network,
                "--batch=" + batch,
                "--precision=" + precision,
                "--wire=" + wire,
                "--iterations=" + iterations,
                "--threads=" + threads,
                "--ranks=" + ranks));
        if (engine != null) {
            words.add("--engine=" + engine);
        }
        return words;
    }

    private static void requirePositive(String option, int value) {
        if (value < 1) {
            throw new UserException(option + " must be at least 1, not " + value);
        }
    }

    private Settings settings() {
        Map<String, String> values = new HashMap<>();
        values.put("engine.precision", precision);
        values.put("training.wire", wire);
        values.put("engine.threads", String.valueOf(threads));
        if (engine != null) {
            values.put("engine.name", engine);
        }
        return Settings.of(List.of(Settings.assignments(values, "options of bench")));
    }

    private static Objective objective(String network, Settings settings) {
        String[] words = network.split(":", -1);
        if (words.length == 1) {
            return teacher(settings, Zoo.published(network), Optional.empty());
        }
        if (words.length != 3) {
            throw new UserException(String.format(
                    Locale.ROOT,
                    "--network cannot be '%s'; it is NETWORK, sftn:TEACHER:STUDENT or METHOD:TEACHER:STUDENT",
                    network));
        }
        Architecture teacher = Zoo.published(words[1]);
        Architecture student = Zoo.published(words[2]);
        if (!teacher.image().equals(student.image())) {
            throw new UserException(String.format(
                    Locale.ROOT,
                    "--network cannot be '%s': %s is for images of %s, %s for images of %s",
                    network,
                    teacher.name(),
                    teacher.image(),
                    student.name(),
                    student.image()));
        }
        return words[0].equals("sftn")
                ? teacher(settings, teacher, Optional.of(student))
                : student(settings.with(Map.of("distill.method", words[0])), teacher, student);
    }

    private static Objective teacher(Settings settings, Architecture teacher, Optional<Architecture> student) {
        return TeacherObjective.of(
                settings.teacher(), settings.training(), teacher, student, Optional.empty(), settings.seed());
    }

    private static Objective student(Settings settings, Architecture teacher, Architecture student) {
        Map<String, Tensor> values = teacher.network().initialValues(settings.seed());
        Pair pair = new Pair(Optional.of(new Pair.Teacher(teacher, values)), student);
        return DistillObjective.of(pair, Methods.recipe(settings, pair), settings.training(), settings.seed());
    }

    /** Normal images, uniform labels: the same in every layout, so that the losses of two engines can be compared. */
    static Batch batch(Network model, Layout layout, int size, long seed) {
        Shape image = model.inputs().get(Taps.IMAGE);
        int classes = model.tapShape(Taps.LOGITS).elements();
        Random random = new Random(seed);
        int[] labels = random.ints(size, 0, classes).toArray();
        float[] values = new float[image.batched(size).elements()];
        int channels = image.channels();
        int pixels = image.height() * image.width();
        for (int i = 0; i < values.length; i++) {
            int pixel = i % pixels;
            int channel = i / pixels % channels;
            int first = i - i % (channels * pixels);
            values[layout == Layout.CHANNELS_FIRST ? i : first + pixel * channels + channel] =
                    (float) random.nextGaussian();
        }
        return new Batch(
                new Tensor(image.batched(size), values, layout),
                labels,
                LongStream.range(0, size).toArray());
    }

    /**
     * Trains on one batch over and over.
     *
     * @throws IllegalStateException when a loss or a weight is not finite
     */
    static Steps measure(Engine engine, Objective objective, Batch batch, int iterations, int threads) {
        double[] milliseconds = new double[iterations];
        double last = Double.NaN;
        try (TrainingExecutable training = engine.compileForTraining(
                        objective.network(), objective.taps(), batch.size() * objective.views());
                StepLoss loss = objective.open(engine, shard(batch));
                Sgd sgd = sgd(training.parameters(), List.of(new Slice(0, training.parameters().length)), threads)) {
            training.load(objective.initialValues());
            for (int step = -WARM_UP; step < iterations; step++) {
                long start = System.nanoTime();
                Loss found = loss.loss(batch, training.forward(loss.inputs(batch)), 0);
                last = found.total();
                if (!Double.isFinite(last)) {
                    throw new IllegalStateException("the loss became " + last + " in step " + (step + WARM_UP + 1));
                }
                training.backward(found.gradients());
                if (!sgd.step(0, training.gradients(), LEARNING_RATE)) {
                    throw new IllegalStateException("the weights are not finite after step " + (step + WARM_UP + 1));
                }
                if (step >= 0) {
                    milliseconds[step] = (System.nanoTime() - start) / 1e6;
                }
            }
        }
        return new Steps(milliseconds, last);
    }

    /** The batch and as many images more as CIFAR-100 has; of their labels only the number matters. */
    static RankLabels shard(Batch batch) {
        int classes = 1 + Arrays.stream(batch.labels()).max().orElseThrow();
        int images = Math.max(IMAGES, batch.size());
        int[] labels = Arrays.copyOf(batch.labels(), images);
        for (int i = batch.size(); i < images; i++) {
            labels[i] = i % classes;
        }
        return new RankLabels(LongStream.range(0, images).toArray(), () -> labels, batch.size(), 1);
    }

    static Sgd sgd(float[] parameters, List<Slice> slices, int threads) {
        return new Sgd(parameters, slices, MOMENTUM, false, WeightDecay.everywhere(WEIGHT_DECAY), threads);
    }

    static @Nullable Double peakMemoryMib() throws IOException {
        Matcher peak = PEAK.matcher(Files.readString(STATUS));
        return peak.find() ? rounded(Long.parseLong(peak.group(1)) / 1024.0, 1) : null;
    }

    private static double rounded(double value, int digits) {
        double scale = Math.pow(10, digits);
        return Math.round(value * scale) / scale;
    }
}
