package org.sftn.train;

import java.io.File;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaSparkContext;
import org.sftn.conf.EngineSettings.Precision;
import org.sftn.conf.TrainingSettings;
import org.sftn.conf.TrainingSettings.ExchangeKind;
import org.sftn.conf.TrainingSettings.Schedule;
import org.sftn.conf.TrainingSettings.ScheduleKind;
import org.sftn.conf.TrainingSettings.Wire;
import org.sftn.data.Batch;
import org.sftn.engine.Arithmetic;
import org.sftn.engine.Engine;
import org.sftn.engine.Executable;
import org.sftn.engine.Flat;
import org.sftn.engine.GradientProgress;
import org.sftn.engine.ParameterRange;
import org.sftn.engine.TrainingExecutable;
import org.sftn.nn.GlobalAveragePool;
import org.sftn.nn.Layout;
import org.sftn.nn.Linear;
import org.sftn.nn.Network;
import org.sftn.nn.Shape;
import org.sftn.nn.Taps;
import org.sftn.nn.Tensor;
import org.sftn.train.loss.Loss;

/**
 * What an iteration costs besides forward and backward: an engine that computes nothing, networks of a given size. Prints
 * milliseconds an iteration (median over epochs). Run by hand, on a quiet machine:
 *
 * <pre>mvn -q test-compile, then java (with the options of the tests) org.sftn.train.TrainerBenchmark MASTER EXECUTORS PARAMETERS EXCHANGE</pre>
 *
 * MASTER is Spark's, or {@code cluster} for processes of one core each.
 */
public final class TrainerBenchmark {
    private static final int EPOCHS = 12;

    private TrainerBenchmark() {}

    public static void main(String[] arguments) throws Exception {
        String master = arguments[0];
        int executors = Integer.parseInt(arguments[1]);
        int parameters = Integer.parseInt(arguments[2]);
        ExchangeKind exchange = ExchangeKind.valueOf(arguments[3].toUpperCase(Locale.ROOT));
        Path folder = Files.createTempDirectory("trainer-benchmark");
        LocalCluster cluster =
                master.equals("cluster") ? LocalCluster.start(executors, folder.resolve("home"), Map.of()) : null;
        JavaSparkContext spark = cluster != null
                ? cluster.spark()
                : new JavaSparkContext(new SparkConf()
                        .setAppName("benchmark")
                        .setMaster(master)
                        .set("spark.ui.enabled", "false"));
        ToyRun.prepare(spark, folder.resolve("data"));
        TrainingSettings settings = new TrainingSettings(
                executors,
                0,
                2,
                1,
                EPOCHS,
                0.1,
                0.9,
                false,
                5e-4,
                true,
                0,
                false,
                new Schedule(ScheduleKind.MULTI_STEP, List.of(), 0.1, 0),
                exchange,
                Wire.FP32,
                0,
                0,
                1,
                Duration.ofSeconds(5),
                1,
                Duration.ZERO,
                Duration.ofSeconds(60));
        Sized objective = new Sized(parameters / ToyRun.CLASSES);
        OutputFolder out = new OutputFolder(
                new org.apache.hadoop.fs.Path(folder.resolve("out").toUri()));
        new Trainer(
                        spark,
                        settings,
                        ToyRun.of(spark, folder.resolve("data")).dataSettings(),
                        cores -> new Idle(),
                        1,
                        new PrintStream(System.err),
                        progress -> {})
                .train(objective, ToyRun.of(spark, folder.resolve("data")).dataset(), out, Map.of(), List.of());
        double[] milliseconds = Files.readAllLines(folder.resolve("out/metrics.csv")).stream()
                .skip(2)
                .mapToDouble(row -> Double.parseDouble(row.substring(row.lastIndexOf(',') + 1)) * 1000 / 53)
                .sorted()
                .toArray();
        System.out.printf(
                Locale.ROOT,
                "%s, %d executors, %d parameters, %s: median %.2f ms an iteration (%.2f to %.2f)%n",
                master,
                executors,
                objective.network().parameterCount(),
                exchange,
                milliseconds[milliseconds.length / 2],
                milliseconds[0],
                milliseconds[milliseconds.length - 1]);
        spark.stop();
        delete(folder.toFile());
        // Each of Spark's barrier tasks leaves a timer thread that is no daemon.
        System.exit(0);
    }

    private static void delete(File file) {
        File[] children = file.listFiles();
        if (children != null) {
            Arrays.stream(children).forEach(TrainerBenchmark::delete);
        }
        file.delete();
    }

    /** A network whose only work is to be large. */
    private record Sized(int features) implements Objective {
        @Override
        public Network network() {
            Network.Builder builder = Network.builder();
            String image = builder.input(Taps.IMAGE, Shape.of(features, 1, 1));
            String value = builder.add("pool", new GlobalAveragePool(), image);
            value = builder.add("fc", new Linear(features, ToyRun.CLASSES), value);
            return builder.tap(Taps.LOGITS, value).build();
        }

        @Override
        public Map<String, Tensor> initialValues() {
            return network().initialValues(1);
        }

        @Override
        public Set<String> taps() {
            return Set.of(Taps.LOGITS);
        }

        @Override
        public Map<String, String> logits() {
            return Map.of(MODEL, Taps.LOGITS);
        }

        @Override
        public Optional<Network> model() {
            return Optional.of(network());
        }

        @Override
        public String modelPrefix() {
            return "";
        }

        @Override
        public StepLoss open(Engine engine, RankLabels shard) {
            return (Batch images, Map<String, Tensor> outputs, int epoch) -> new Loss(1, Map.of("none", 1.0), Map.of());
        }
    }

    /** Computes nothing. */
    private static final class Idle implements Engine {
        @Override
        public String name() {
            return "idle";
        }

        @Override
        public String description() {
            return name();
        }

        @Override
        public Precision precision() {
            return Precision.FP32;
        }

        @Override
        public String library() {
            return name();
        }

        @Override
        public String instructions() {
            return name();
        }

        @Override
        public int threads() {
            return 1;
        }

        @Override
        public Layout imageLayout() {
            return Layout.CHANNELS_FIRST;
        }

        @Override
        public Arithmetic arithmetic() {
            throw new UnsupportedOperationException();
        }

        @Override
        public TrainingExecutable compileForTraining(Network network, Set<String> outputs, int batch) {
            return new IdleExecutable(network);
        }

        @Override
        public Executable compileForInference(Network network, Set<String> outputs, int batch) {
            return new IdleExecutable(network);
        }
    }

    private static final class IdleExecutable implements TrainingExecutable {
        private final Network network;
        private final float[] parameters;
        private final float[] gradients;

        IdleExecutable(Network network) {
            this.network = network;
            this.parameters = new float[Math.toIntExact(network.parameterCount())];
            this.gradients = new float[parameters.length];
        }

        @Override
        public Network network() {
            return network;
        }

        @Override
        public Set<String> rounded() {
            return Set.of();
        }

        @Override
        public float[] parameters() {
            return parameters;
        }

        @Override
        public Map<String, ParameterRange> ranges() {
            return new Flat(network.parametersFromLast()).ranges();
        }

        @Override
        public Tensor canonical(String parameter, float[] array) {
            return new Flat(network.parametersFromLast()).save(array, parameter);
        }

        @Override
        public void layOut(Map<String, Tensor> values, float[] array) {
            new Flat(network.parametersFromLast()).load(values, array);
        }

        @Override
        public float[] statistics() {
            return new float[0];
        }

        @Override
        public void load(Map<String, Tensor> values) {}

        @Override
        public Map<String, Tensor> save() {
            Map<String, Tensor> values = new LinkedHashMap<>();
            network.parameters().forEach(p -> values.put(p.name(), Tensor.zeros(p.shape())));
            return values;
        }

        @Override
        public Map<String, Tensor> forward(Map<String, Tensor> inputs) {
            int batch = inputs.get(Taps.IMAGE).batch();
            return Map.of(Taps.LOGITS, Tensor.zeros(Shape.of(batch, ToyRun.CLASSES)));
        }

        @Override
        public void backward(Map<String, Tensor> given, GradientProgress progress) {
            progress.ready(gradients.length);
        }

        @Override
        public float[] gradients() {
            return gradients;
        }

        @Override
        public void close() {}
    }
}
