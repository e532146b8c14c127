package org.sftn.job;

import java.io.IOException;
import java.io.Serializable;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.util.SerializableConfiguration;
import org.sftn.conf.EngineSettings;
import org.sftn.conf.PredictSettings;
import org.sftn.conf.UserException;
import org.sftn.data.source.ImageTable;
import org.sftn.data.task.TaskErrors;
import org.sftn.data.unlabeled.PassedColumn;
import org.sftn.data.unlabeled.UnlabeledImage;
import org.sftn.data.unlabeled.UnlabeledImages;
import org.sftn.data.unlabeled.UnlabeledPart;
import org.sftn.data.unlabeled.UnlabeledTable;
import org.sftn.engine.Engines;
import org.sftn.predict.PartPrediction;
import org.sftn.predict.PartReport;

/** The images of a predict job, in parts that have numbers from 0 on. */
sealed interface PredictInput {
    int parts();

    /** With another one, parts that are done are of other images; empty when that cannot be known. */
    Optional<String> identity();

    /** The columns that go with the images. */
    List<PassedColumn> passed();

    /** On what is not taken, in lines for people. */
    List<String> remarks();

    /**
     * A task and a report for each part that is open, in their order.
     *
     * @param open the numbers of parts, ascending
     */
    JavaRDD<PartReport> reports(JavaSparkContext spark, List<Integer> open, PartTask work);

    /** Opens the source and reads no images. */
    static PredictInput of(PredictSettings predict, JavaSparkContext spark) throws IOException {
        String key = "predict.input";
        if (predict.input().isBlank()) {
            throw new UserException("there is nothing to predict: " + key + " is empty");
        }
        Configuration hadoop = spark.hadoopConfiguration();
        long partBytes = predict.partSize().toBytes();
        return switch (predict.source()) {
            case FILES -> new Files(UnlabeledImages.files(key, predict.input(), partBytes, hadoop));
            case TARS -> new Files(UnlabeledImages.tars(key, predict.input(), hadoop));
            case TABLE -> {
                PredictSettings.Table table = predict.table();
                yield new Table(UnlabeledTable.open(
                        spark,
                        new ImageTable.Place(key, table.format(), predict.input(), table.optionTexts()),
                        table.imageColumn(),
                        table.nameColumn(),
                        table.columns(),
                        partBytes));
            }
        };
    }

    /**
     * What a task does.
     *
     * @param cores of a task
     */
    record PartTask(
            Broadcast<PartPrediction> prediction, EngineSettings engine, int cores, SerializableConfiguration hadoop)
            implements Serializable {
        PartReport of(int part, Iterator<UnlabeledImage> images) throws IOException {
            return prediction
                    .value()
                    .of(part, TaskContext.get().taskAttemptId(), images, Engines.create(engine, cores), hadoop.value());
        }
    }

    /** Files and tars. */
    record Files(UnlabeledImages images) implements PredictInput {
        /** A part with its number. */
        private record Numbered(int number, UnlabeledPart part) implements Serializable {}

        @Override
        public int parts() {
            return images.parts().size();
        }

        @Override
        public Optional<String> identity() {
            return Optional.of(images.identity());
        }

        @Override
        public List<PassedColumn> passed() {
            return List.of();
        }

        @Override
        public List<String> remarks() {
            return images.remarks();
        }

        @Override
        public JavaRDD<PartReport> reports(JavaSparkContext spark, List<Integer> open, PartTask work) {
            List<Numbered> parts = open.stream()
                    .map(part -> new Numbered(part, images.parts().get(part)))
                    .toList();
            return spark.parallelize(parts, parts.size())
                    .map(part -> TaskErrors.within(() -> work.of(
                            part.number(), part.part().images(work.hadoop().value()))));
        }
    }

    /** A table of Spark SQL. */
    record Table(UnlabeledTable table) implements PredictInput {
        @Override
        public int parts() {
            return table.rows().getNumPartitions();
        }

        @Override
        public Optional<String> identity() {
            return table.identity();
        }

        @Override
        public List<PassedColumn> passed() {
            return table.passed();
        }

        @Override
        public List<String> remarks() {
            return table.identity().isPresent()
                    ? List.of()
                    : List.of("a table that is not of files alone: --resume reads all of it again");
        }

        @Override
        public JavaRDD<PartReport> reports(JavaSparkContext spark, List<Integer> open, PartTask work) {
            Set<Integer> wanted = Set.copyOf(open);
            UnlabeledTable.Images images = table.images();
            return table.rows()
                    .mapPartitionsWithIndex(
                            (part, rows) -> TaskErrors.within(() -> wanted.contains(part)
                                    ? List.of(work.of(part, images.of(rows))).iterator()
                                    : List.<PartReport>of().iterator()),
                            false);
        }
    }
}
