package org.sftn.export;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;
import org.sftn.conf.UserException;
import org.sftn.model.ModelDescription;
import org.sftn.model.SavedModel;
import org.sftn.nn.Network;
import org.sftn.nn.Tensor;
import org.sftn.zoo.Zoo;

/** From a saved model to the network that it is the values of. */
final class SavedNetwork {
    private SavedNetwork() {}

    /** @throws UserException when description and weights do not fit together */
    static Network of(SavedModel model) {
        ModelDescription description = model.description();
        Network network = Zoo.create(description.architecture(), description.imageShape(), description.classes())
                .network();
        requireValues(network, model);
        requireNormalization(description);
        return network;
    }

    private static void requireValues(Network network, SavedModel model) {
        Map<String, Tensor> values = model.values();
        Stream.concat(network.parameters().stream(), network.statistics().stream())
                .forEach(spec -> {
                    Tensor tensor = values.get(spec.name());
                    if (tensor == null || !tensor.shape().equals(spec.shape())) {
                        throw refusal(
                                model.description(),
                                String.format(
                                        Locale.ROOT,
                                        "%s must be of %s, its weights have %s",
                                        spec.name(),
                                        spec.shape(),
                                        tensor == null ? "none" : tensor.shape()));
                    }
                });
    }

    private static void requireNormalization(ModelDescription description) {
        int channels = description.imageShape().channels();
        List<Double> mean = description.mean();
        List<Double> deviation = description.standardDeviation();
        if (mean.size() != channels
                || deviation.size() != channels
                || !mean.stream().allMatch(Double::isFinite)
                || !deviation.stream().allMatch(value -> value > 0 && Double.isFinite(value))) {
            throw refusal(
                    description,
                    String.format(
                            Locale.ROOT,
                            "images of %d channels cannot be normalized by mean %s and deviation %s",
                            channels,
                            mean,
                            deviation));
        }
    }

    private static UserException refusal(ModelDescription description, String reason) {
        return new UserException(String.format(
                Locale.ROOT, "the model (%s) cannot be exported: %s", description.architecture(), reason));
    }
}
