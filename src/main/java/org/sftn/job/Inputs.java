package org.sftn.job;

import java.util.Optional;
import org.sftn.data.Dataset;
import org.sftn.data.image.Preprocessing;
import org.sftn.data.shard.Manifest;
import org.sftn.model.ModelDescription;
import org.sftn.model.SavedModel;
import org.sftn.nn.Shape;
import org.sftn.zoo.Architecture;
import org.sftn.zoo.Zoo;

/** From the names in settings to networks. */
final class Inputs {
    private Inputs() {}

    /** A text setting whose empty value means none. */
    static Optional<String> given(String value) {
        return value.isBlank() ? Optional.empty() : Optional.of(value);
    }

    /** For the images and classes of a data set. */
    static Architecture architecture(String name, Dataset data) {
        return architecture(name, data.manifest());
    }

    /** The same. */
    static Architecture architecture(String name, Manifest data) {
        return Zoo.create(name, Shape.of(Preprocessing.CHANNELS, data.imageSize(), data.imageSize()), data.classes());
    }

    /**
     * As the model that a run begins with saw its images: what is trained and what it learns from see the same batches.
     *
     * @param model empty for the data set's own statistics
     */
    static Dataset normalizedFor(Optional<SavedModel> model, Dataset data) {
        return model.map(SavedModel::description)
                .map(known -> data.normalizedBy(known.mean(), known.standardDeviation()))
                .orElse(data);
    }

    static Architecture architecture(ModelDescription model) {
        return Zoo.create(model.architecture(), model.imageShape(), model.classes());
    }
}
