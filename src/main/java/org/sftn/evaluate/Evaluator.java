package org.sftn.evaluate;

import java.io.File;
import java.io.IOException;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.SparkSession;
import org.sftn.conf.DataSettings;
import org.sftn.conf.EngineSettings;
import org.sftn.conf.UserException;
import org.sftn.data.Batch;
import org.sftn.data.BatchLoader;
import org.sftn.data.Dataset;
import org.sftn.data.Manifest;
import org.sftn.data.Preprocessing;
import org.sftn.data.Sample;
import org.sftn.data.SampleStore;
import org.sftn.engine.Engine;
import org.sftn.engine.Engines;
import org.sftn.engine.Executable;
import org.sftn.model.ModelDescription;
import org.sftn.model.SavedModel;
import org.sftn.nn.Network;
import org.sftn.nn.Shape;
import org.sftn.nn.Taps;
import org.sftn.nn.Tensor;
import org.sftn.zoo.Zoo;

/** Runs a saved model over a split of a data set, one replica a partition. */
public final class Evaluator {
    private final SparkSession spark;
    private final EngineSettings engine;

    public Evaluator(SparkSession spark, EngineSettings engine) {
        this.spark = spark;
        this.engine = engine;
    }

    /** What a partition needs. */
    private record Replica(
            Network network,
            LinkedHashMap<String, Tensor> values,
            Preprocessing preprocessing,
            long memory,
            int batch,
            EngineSettings engine,
            int cores)
            implements Serializable {
        Iterator<Prediction> predict(Iterator<Sample> images) throws IOException {
            List<Prediction> predictions = new ArrayList<>();
            File scratch = new File(System.getProperty("java.io.tmpdir"));
            Engine engine = Engines.create(this.engine, cores);
            try (SampleStore samples = SampleStore.load(images, memory, scratch.toPath());
                    Executable model = engine.compileForInference(network, Set.of(Taps.LOGITS), batch)) {
                model.load(values);
                BatchLoader loader = new BatchLoader(samples, preprocessing, 0);
                for (int from = 0; from < samples.size(); from += batch) {
                    int[] positions = new int[Math.min(batch, samples.size() - from)];
                    for (int i = 0; i < positions.length; i++) {
                        positions[i] = from + i;
                    }
                    Batch loaded = loader.evaluation(positions);
                    Tensor logits =
                            model.forward(Map.of(Taps.IMAGE, loaded.images())).get(Taps.LOGITS);
                    int classes = logits.shape().dimension(1);
                    for (int i = 0; i < positions.length; i++) {
                        predictions.add(Prediction.of(
                                loaded.indices()[i],
                                samples.name(positions[i]),
                                loaded.labels()[i],
                                logits.values(),
                                i * classes,
                                classes));
                    }
                }
            }
            return predictions.iterator();
        }
    }

    /**
     * @param model whose own mean and deviation normalise the images
     * @param split train or test
     * @param limit only the first so many images; 0 for all
     * @param batch images a forward pass
     * @throws UserException when the model is not for these images and classes
     */
    public Evaluation evaluate(
            SavedModel model, Dataset data, String split, int limit, int batch, DataSettings settings) {
        ModelDescription description = model.description();
        check(description, data.manifest());
        Preprocessing preprocessing = new Preprocessing(
                data.manifest().imageSize(),
                data.manifest().store(),
                description.mean(),
                description.standardDeviation(),
                0,
                false);
        Network network = Zoo.create(description.architecture(), description.imageShape(), description.classes())
                .network();
        JavaSparkContext context = new JavaSparkContext(spark.sparkContext());
        int cores = context.getConf().getInt("spark.task.cpus", 1);
        int partitions = Math.max(1, context.defaultParallelism() / cores);
        Broadcast<Replica> replica = context.broadcast(new Replica(
                network,
                new LinkedHashMap<>(model.values()),
                preprocessing,
                settings.memory().toBytes() / partitions,
                batch,
                engine,
                cores));
        try {
            List<Prediction> predictions = new ArrayList<>(data.samples(split, limit, partitions)
                    .mapPartitions(images -> replica.value().predict(images))
                    .collect());
            predictions.sort(Comparator.comparingLong(Prediction::index));
            return new Evaluation(description.classNames(), predictions);
        } finally {
            replica.destroy();
        }
    }

    /** @throws UserException when the model is not for the images and classes of the data set */
    public static void check(ModelDescription model, Manifest data) {
        List<Integer> image = List.of(Preprocessing.CHANNELS, data.imageSize(), data.imageSize());
        if (model.classes() != data.classes() || !model.image().equals(image)) {
            throw new UserException(
                    "the model (%s) cannot be evaluated on these data: it knows %d classes of images of %s, the data have %d classes of images of %s"
                            .formatted(
                                    model.architecture(),
                                    model.classes(),
                                    model.imageShape(),
                                    data.classes(),
                                    new Shape(image)));
        }
    }
}
