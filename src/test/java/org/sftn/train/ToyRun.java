package org.sftn.train;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.apache.spark.api.java.JavaSparkContext;
import org.sftn.TestSettings;
import org.sftn.conf.DataSettings;
import org.sftn.conf.Settings;
import org.sftn.conf.TrainingSettings;
import org.sftn.conf.TrainingSettings.ExchangeKind;
import org.sftn.data.Dataset;
import org.sftn.data.TestData;
import org.sftn.engine.bigdl.BigDlEngine;
import org.sftn.train.platform.Stretch;

/** Short runs on drawn images: 105 for training, so that one image is left for the last batch, and 23 for testing. */
record ToyRun(
        JavaSparkContext spark,
        Path data,
        int executors,
        ExchangeKind exchange,
        int checkpointIterations,
        int attempts,
        double learningRate,
        EngineSource engines,
        Map<String, String> settings) {
    static final int SIZE = 8;
    static final int CLASSES = 3;
    static final int BATCH = 8;
    static final int BATCHES = 14;
    static final int EPOCHS = 2;
    static final long SEED = 3;

    static ToyRun prepare(JavaSparkContext spark, Path data) {
        Settings settings = TestSettings.with(Map.of(
                "prepare.image-size",
                Integer.toString(SIZE),
                "prepare.shard-size",
                40 * 3 * SIZE * SIZE + "B",
                "prepare.generated.classes",
                Integer.toString(CLASSES),
                "prepare.generated.train-images",
                "105",
                "prepare.generated.test-images",
                "23"));
        TestData.prepare(spark, settings, 5, data);
        return of(spark, data);
    }

    static ToyRun of(JavaSparkContext spark, Path data) {
        return new ToyRun(spark, data, 1, ExchangeKind.DIRECT, 0, 1, 0.05, cores -> new BigDlEngine(1), Map.of());
    }

    ToyRun on(int ranks, ExchangeKind kind) {
        return new ToyRun(spark, data, ranks, kind, checkpointIterations, attempts, learningRate, engines, settings);
    }

    ToyRun saving(int everyIterations) {
        return new ToyRun(spark, data, executors, exchange, everyIterations, attempts, learningRate, engines, settings);
    }

    ToyRun trying(int times) {
        return new ToyRun(
                spark, data, executors, exchange, checkpointIterations, times, learningRate, engines, settings);
    }

    ToyRun at(double rate) {
        return new ToyRun(spark, data, executors, exchange, checkpointIterations, attempts, rate, engines, settings);
    }

    ToyRun computingWith(EngineSource source) {
        return new ToyRun(
                spark, data, executors, exchange, checkpointIterations, attempts, learningRate, source, settings);
    }

    /** @param more settings, by key */
    ToyRun with(Map<String, String> more) {
        return new ToyRun(
                spark, data, executors, exchange, checkpointIterations, attempts, learningRate, engines, more);
    }

    Dataset dataset() {
        return Dataset.open(spark, data.toString(), dataSettings().damaged());
    }

    DataSettings dataSettings() {
        Map<String, String> values =
                new HashMap<>(Map.of("data.path", data.toString(), "data.memory", "10000B", "data.crop-padding", "1"));
        values.putAll(settings);
        return TestSettings.with(values).data();
    }

    TrainingResult train(Objective objective, Path out) throws IOException, InterruptedException {
        return train(objective, out, new PrintStream(new ByteArrayOutputStream(), true, StandardCharsets.UTF_8));
    }

    TrainingResult train(Objective objective, Path out, PrintStream progress) throws IOException, InterruptedException {
        return train(objective, out, progress, List.of());
    }

    /** @param earlier what computed the values that the objective starts from */
    TrainingResult train(Objective objective, Path out, PrintStream progress, List<Stretch> earlier)
            throws IOException, InterruptedException {
        OutputFolder folder = new OutputFolder(new org.apache.hadoop.fs.Path(out.toUri()));
        return trainer(progress).train(objective, dataset(), folder, Map.of("job", "toy"), earlier);
    }

    void rehearse(Objective objective) throws InterruptedException {
        trainer(System.out).rehearse(objective, dataset());
    }

    private Trainer trainer(PrintStream progress) {
        Map<String, String> values = new HashMap<>(Map.of(
                "training.executors", Integer.toString(executors),
                "training.global-batch", Integer.toString(BATCH),
                "training.epochs", Integer.toString(EPOCHS),
                "training.learning-rate", Double.toString(learningRate),
                "training.nesterov", "true",
                "training.schedule.kind", "cosine",
                "training.schedule.warm-up-epochs", "0.5",
                "training.exchange", exchange.name().toLowerCase(Locale.ROOT)));
        values.putAll(Map.of(
                "training.checkpoint-iterations", Integer.toString(checkpointIterations),
                "training.keep-checkpoints", "2",
                "training.progress-interval", "0 s",
                "training.attempts", Integer.toString(attempts),
                "training.retry-delay", "200 ms"));
        values.putAll(settings);
        TrainingSettings training = TestSettings.with(values).training();
        return new Trainer(spark, training, dataSettings(), engines, SEED, progress, interval -> {});
    }
}
