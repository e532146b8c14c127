package org.sftn.evaluate;

import java.io.IOException;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.BiConsumer;
import org.apache.hadoop.conf.Configuration;
import org.sftn.conf.DataSettings;
import org.sftn.conf.DataSettings.Damaged;
import org.sftn.conf.UserException;
import org.sftn.data.Batch;
import org.sftn.data.BatchFeed;
import org.sftn.data.BatchLoader;
import org.sftn.data.RankData;
import org.sftn.data.RankImages;
import org.sftn.data.image.Preprocessing;
import org.sftn.data.shard.Manifest;
import org.sftn.engine.Engine;
import org.sftn.engine.Executable;
import org.sftn.model.ModelDescription;
import org.sftn.model.SavedModel;
import org.sftn.nn.Network;
import org.sftn.nn.Shape;
import org.sftn.nn.Taps;
import org.sftn.nn.Tensor;
import org.sftn.zoo.Zoo;

/** A saved model that predicts images of a data set; sent to executors. */
public final class EvaluatedModel implements Serializable {
    private static final long serialVersionUID = 1L;

    private final Network network;
    private final LinkedHashMap<String, Tensor> values;
    private final Preprocessing preprocessing;

    private EvaluatedModel(Network network, Map<String, Tensor> values, Preprocessing preprocessing) {
        this.network = network;
        this.values = new LinkedHashMap<>(values);
        this.preprocessing = preprocessing;
    }

    /**
     * Normalizes with the model's own mean and deviation.
     *
     * @param settings how images are resized
     * @throws UserException when the model is not for the images and classes of the data set
     */
    public static EvaluatedModel of(SavedModel model, Manifest data, DataSettings settings) {
        ModelDescription description = model.description();
        Shape image = Shape.of(Preprocessing.CHANNELS, data.imageSize(), data.imageSize());
        if (description.classes() != data.classes() || !description.imageShape().equals(image)) {
            throw new UserException(String.format(
                    Locale.ROOT,
                    "the model (%s) cannot be evaluated on these data: it knows %d classes of images of %s, the data have %d classes of images of %s",
                    description.architecture(),
                    description.classes(),
                    description.imageShape(),
                    data.classes(),
                    image));
        }
        return new EvaluatedModel(
                Zoo.create(description.architecture(), description.imageShape(), description.classes())
                        .network(),
                model.values(),
                data.preprocessing(settings).with(description.mean(), description.standardDeviation()));
    }

    /**
     * How images come and go.
     *
     * @param batch images a forward pass
     * @param threads that decode image files, at least 1
     * @param memory bytes of stored pixels that are kept in memory; more goes to a file in Spark's local folder
     * @param damaged what to do with images that cannot be read
     */
    public record Reading(int batch, int threads, long memory, Damaged damaged) implements Serializable {}

    /**
     * @param images one rank's, as {@code Dataset.byRank} deals them
     * @return of the images that are not skipped
     */
    public List<Prediction> predict(Iterator<RankData> images, Engine engine, Reading reading, Configuration hadoop)
            throws IOException, InterruptedException {
        List<Prediction> predictions = new ArrayList<>();
        try (RankImages held = held(images, reading, hadoop)) {
            forEach(held, engine, reading, Set.of(Taps.LOGITS), (batch, values) -> {
                for (int i = 0; i < batch.size(); i++) {
                    predictions.add(prediction(batch, i, values.get(Taps.LOGITS).row(i)));
                }
            });
        }
        return predictions;
    }

    /**
     * @param teacher what this model has learned from, for the same images and classes
     * @param images as for {@link #predict}
     * @return of the images that are not skipped
     */
    public List<ComparedImage> compare(
            EvaluatedModel teacher, Iterator<RankData> images, Engine engine, Reading reading, Configuration hadoop)
            throws IOException, InterruptedException {
        try (RankImages held = held(images, reading, hadoop)) {
            // One after the other: images are read by one at a time. Both skip the same ones.
            Iterator<EvaluatedImage> taught =
                    teacher.answers(held, engine, reading).iterator();
            return answers(held, engine, reading).stream()
                    .map(own -> ComparedImage.of(own, taught.next()))
                    .toList();
        }
    }

    private List<EvaluatedImage> answers(RankImages held, Engine engine, Reading reading)
            throws IOException, InterruptedException {
        List<EvaluatedImage> answers = new ArrayList<>();
        forEach(held, engine, reading, Set.of(Taps.LOGITS, Taps.POOLED), (batch, values) -> {
            for (int i = 0; i < batch.size(); i++) {
                float[] logits = values.get(Taps.LOGITS).row(i);
                Prediction prediction = prediction(batch, i, logits);
                answers.add(new EvaluatedImage(
                        prediction,
                        logits,
                        prediction.index() < Similarity.FEATURES
                                ? values.get(Taps.POOLED).row(i)
                                : null));
            }
        });
        return answers;
    }

    private static Prediction prediction(Batch batch, int image, float[] logits) {
        return Prediction.of(batch.indices()[image], batch.names().get(image), batch.labels()[image], logits);
    }

    private static RankImages held(Iterator<RankData> images, Reading reading, Configuration hadoop)
            throws IOException {
        // A test split is read in its order: no buffer to shuffle in.
        return RankImages.open(images, new RankImages.Holding(reading.memory(), 1), hadoop);
    }

    /** @param each takes a batch and the values of the taps, which last until it returns */
    private void forEach(
            RankImages held,
            Engine engine,
            Reading reading,
            Set<String> taps,
            BiConsumer<Batch, Map<String, Tensor>> each)
            throws IOException, InterruptedException {
        int batch = Math.max(1, Math.min(reading.batch(), held.size()));
        try (Executable model = engine.compileForInference(network, taps, batch)) {
            model.load(values);
            BatchLoader loader = new BatchLoader(preprocessing, engine.imageLayout(), 0, reading.damaged());
            try (BatchFeed feed = BatchFeed.evaluation(held, loader, batch, reading.threads())) {
                for (int i = 0; i < held.batchesOf(batch); i++) {
                    feed.next()
                            .batch()
                            .ifPresent(
                                    loaded -> each.accept(loaded, model.forward(Map.of(Taps.IMAGE, loaded.images()))));
                }
            }
        }
    }
}
