package org.sftn.train;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.SparkSession;
import org.sftn.conf.DataSettings;
import org.sftn.conf.PrepareSettings;
import org.sftn.conf.Settings;
import org.sftn.conf.TrainingSettings;
import org.sftn.conf.TrainingSettings.ExchangeKind;
import org.sftn.conf.TrainingSettings.Schedule;
import org.sftn.conf.TrainingSettings.ScheduleKind;
import org.sftn.data.Dataset;
import org.sftn.data.Preparer;
import org.sftn.engine.bigdl.BigDlEngine;

/** Short runs on drawn images: 105 for training, so that the last batch has one image, and 23 for testing. */
record ToyRun(
        SparkSession spark,
        Path data,
        int executors,
        ExchangeKind exchange,
        int checkpointIterations,
        int attempts,
        double learningRate,
        EngineSource engines) {
    static final int SIZE = 8;
    static final int CLASSES = 3;
    static final int BATCH = 8;
    static final int BATCHES = 14;
    static final int EPOCHS = 2;
    static final long SEED = 3;

    static ToyRun prepare(SparkSession spark, Path data) {
        PrepareSettings settings = new PrepareSettings(
                PrepareSettings.Source.GENERATED,
                "",
                PrepareSettings.Labels.FINE,
                "train",
                "test",
                SIZE,
                PrepareSettings.Store.PIXELS,
                0,
                40,
                new PrepareSettings.Generated(CLASSES, 105, 23));
        new Preparer(spark, settings, 5).prepare(data.toString());
        return of(spark, data);
    }

    static ToyRun of(SparkSession spark, Path data) {
        return new ToyRun(spark, data, 1, ExchangeKind.DIRECT, 0, 1, 0.05, cores -> new BigDlEngine(1));
    }

    ToyRun on(int ranks, ExchangeKind kind) {
        return new ToyRun(spark, data, ranks, kind, checkpointIterations, attempts, learningRate, engines);
    }

    ToyRun saving(int everyIterations) {
        return new ToyRun(spark, data, executors, exchange, everyIterations, attempts, learningRate, engines);
    }

    ToyRun trying(int times) {
        return new ToyRun(spark, data, executors, exchange, checkpointIterations, times, learningRate, engines);
    }

    ToyRun at(double rate) {
        return new ToyRun(spark, data, executors, exchange, checkpointIterations, attempts, rate, engines);
    }

    ToyRun computingWith(EngineSource source) {
        return new ToyRun(spark, data, executors, exchange, checkpointIterations, attempts, learningRate, source);
    }

    Dataset dataset() {
        return Dataset.open(spark, data.toString());
    }

    static DataSettings dataSettings(Path data) {
        return Settings.of(List.of(Settings.assignments(
                        Map.of("data.path", data.toString(), "data.memory", "10000 B", "data.crop-padding", "1"),
                        "test")))
                .data();
    }

    TrainingResult train(Objective objective, Path out) throws IOException, InterruptedException {
        return train(objective, out, new PrintStream(new ByteArrayOutputStream(), true, StandardCharsets.UTF_8));
    }

    TrainingResult train(Objective objective, Path out, PrintStream progress) throws IOException, InterruptedException {
        TrainingSettings settings = new TrainingSettings(
                executors,
                BATCH,
                EPOCHS,
                learningRate,
                0.9,
                true,
                5e-4,
                new Schedule(ScheduleKind.COSINE, List.of(), 0.1, 0.5),
                exchange,
                1,
                checkpointIterations,
                2,
                Duration.ZERO,
                attempts,
                Duration.ofSeconds(20));
        OutputFolder folder = new OutputFolder(new org.apache.hadoop.fs.Path(out.toUri()));
        return new Trainer(spark, settings, dataSettings(data), engines, SEED, progress)
                .train(objective, dataset(), folder, Map.of("job", "toy"));
    }
}
