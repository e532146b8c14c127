package org.sftn.job;

import java.util.Optional;
import org.sftn.data.Dataset;
import org.sftn.data.Preprocessing;
import org.sftn.model.ModelDescription;
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
        int size = data.manifest().imageSize();
        return Zoo.create(
                name,
                Shape.of(Preprocessing.CHANNELS, size, size),
                data.manifest().classes());
    }

    static Architecture architecture(ModelDescription model) {
        return Zoo.create(model.architecture(), model.imageShape(), model.classes());
    }
}
