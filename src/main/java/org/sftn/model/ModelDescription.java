package org.sftn.model;

import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.sftn.nn.Shape;

/**
 * What {@code model.json} says beside the weights: enough to rebuild the network and to feed it.
 *
 * @param format the version of this layout
 * @param architecture a name of the zoo
 * @param image channels, height, width of the input
 * @param classNames in the order of the logits
 * @param mean of the training images by channel, in [0, 1]; what the input is normalized with
 * @param standardDeviation likewise
 * @param weightsSha256 of {@code weights.safetensors}; also the model's identity
 * @param provenance where it comes from: job, configuration, data set, code version
 */
public record ModelDescription(
        int format,
        String architecture,
        List<Integer> image,
        List<String> classNames,
        List<Double> mean,
        List<Double> standardDeviation,
        String weightsSha256,
        Map<String, String> provenance) {
    /** The version that is written and read; the first had other names. */
    public static final int FORMAT = 2;

    public ModelDescription {
        image = List.copyOf(image);
        classNames = List.copyOf(classNames);
        mean = List.copyOf(mean);
        standardDeviation = List.copyOf(standardDeviation);
        provenance = Collections.unmodifiableSortedMap(new TreeMap<>(provenance));
        // Refuses what is no shape.
        new Shape(image);
        if (image.size() != 3 || classNames.isEmpty() || architecture.isBlank()) {
            throw new IllegalArgumentException(String.format(
                    Locale.ROOT,
                    "no network '%s' for images of %s and %d classes",
                    architecture,
                    image,
                    classNames.size()));
        }
    }

    public int classes() {
        return classNames.size();
    }

    public Shape imageShape() {
        return new Shape(image);
    }

    ModelDescription withWeights(String sha256) {
        return new ModelDescription(
                format, architecture, image, classNames, mean, standardDeviation, sha256, provenance);
    }
}
