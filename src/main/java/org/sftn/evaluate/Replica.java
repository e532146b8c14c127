package org.sftn.evaluate;

import java.io.IOException;
import java.io.Serializable;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import org.sftn.conf.UserException;
import org.sftn.data.Batch;
import org.sftn.data.BatchLoader;
import org.sftn.data.Manifest;
import org.sftn.data.Preprocessing;
import org.sftn.data.Sample;
import org.sftn.data.SampleStore;
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
public final class Replica implements Serializable {
    private static final long serialVersionUID = 1L;

    private final Network network;
    private final LinkedHashMap<String, Tensor> values;
    private final Preprocessing preprocessing;

    private Replica(Network network, Map<String, Tensor> values, Preprocessing preprocessing) {
        this.network = network;
        this.values = new LinkedHashMap<>(values);
        this.preprocessing = preprocessing;
    }

    /**
     * Normalises with the model's own mean and deviation.
     *
     * @throws UserException when the model is not for the images and classes of the data set
     */
    public static Replica of(SavedModel model, Manifest data) {
        ModelDescription description = model.description();
        Shape image = Shape.of(Preprocessing.CHANNELS, data.imageSize(), data.imageSize());
        if (description.classes() != data.classes() || !description.imageShape().equals(image)) {
            throw new UserException(
                    "the model (%s) cannot be evaluated on these data: it knows %d classes of images of %s, the data have %d classes of images of %s"
                            .formatted(
                                    description.architecture(),
                                    description.classes(),
                                    description.imageShape(),
                                    data.classes(),
                                    image));
        }
        return new Replica(
                Zoo.create(description.architecture(), description.imageShape(), description.classes())
                        .network(),
                model.values(),
                new Preprocessing(
                        data.imageSize(), data.store(), description.mean(), description.standardDeviation(), 0, false));
    }

    /**
     * @param images every n-th of a split, as {@code Dataset.samples} deals them
     * @param batch images a forward pass
     * @param memory bytes of images that are kept in memory; more goes to a temporary local file
     */
    public List<Prediction> predict(Iterator<Sample> images, Engine engine, int batch, long memory) throws IOException {
        List<Prediction> predictions = new ArrayList<>();
        Path scratch = Path.of(System.getProperty("java.io.tmpdir"));
        try (SampleStore samples = SampleStore.load(images, memory, scratch);
                Executable model = engine.compileForInference(network, Set.of(Taps.LOGITS), batch)) {
            model.load(values);
            BatchLoader loader = new BatchLoader(samples, preprocessing, engine.imageLayout(), 0);
            for (int from = 0; from < samples.size(); from += batch) {
                int[] positions = IntStream.range(from, Math.min(from + batch, samples.size()))
                        .toArray();
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
        return predictions;
    }
}
