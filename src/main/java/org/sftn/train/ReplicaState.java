package org.sftn.train;

import java.util.LinkedHashMap;
import java.util.Map;
import org.sftn.model.Safetensors;
import org.sftn.nn.Shape;
import org.sftn.nn.Tensor;

/**
 * What one rank puts in a checkpoint.
 *
 * @param weights its slice
 * @param momentum of its slice; empty when there is none
 * @param statistics its own running statistics
 * @param loss what its loss remembers, by name
 * @param tally of the epoch so far
 */
record ReplicaState(float[] weights, float[] momentum, float[] statistics, Map<String, Tensor> loss, Tally tally) {
    private static final String LOSS = "loss.";
    private static final String TERM = "term.";
    private static final String CORRECT = "correct.";

    Safetensors toSafetensors() {
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        put(tensors, "weights", weights);
        put(tensors, "momentum", momentum);
        put(tensors, "statistics", statistics);
        loss.forEach((name, tensor) -> tensors.put(LOSS + name, tensor));
        Map<String, String> metadata = new LinkedHashMap<>();
        metadata.put("images", Long.toString(tally.images()));
        metadata.put("skipped", Long.toString(tally.skipped()));
        metadata.put("loss", Double.toHexString(tally.loss()));
        tally.terms().forEach((name, sum) -> metadata.put(TERM + name, Double.toHexString(sum)));
        tally.correct().forEach((name, count) -> metadata.put(CORRECT + name, Long.toString(count)));
        return new Safetensors(tensors, metadata);
    }

    private static void put(Map<String, Tensor> tensors, String name, float[] values) {
        if (values.length > 0) {
            tensors.put(name, new Tensor(Shape.of(values.length), values));
        }
    }

    /** @throws IllegalArgumentException when it holds something else */
    static ReplicaState of(Safetensors file) {
        Map<String, String> metadata = file.metadata();
        Map<String, Double> terms = new LinkedHashMap<>();
        Map<String, Long> correct = new LinkedHashMap<>();
        metadata.forEach((key, value) -> {
            if (key.startsWith(TERM)) {
                terms.put(key.substring(TERM.length()), Double.parseDouble(value));
            } else if (key.startsWith(CORRECT)) {
                correct.put(key.substring(CORRECT.length()), Long.parseLong(value));
            }
        });
        Tally tally = new Tally(
                Long.parseLong(required(metadata, "images")),
                Double.parseDouble(required(metadata, "loss")),
                terms,
                correct,
                Long.parseLong(required(metadata, "skipped")));
        Map<String, Tensor> loss = new LinkedHashMap<>();
        file.tensors().forEach((name, tensor) -> {
            if (name.startsWith(LOSS)) {
                loss.put(name.substring(LOSS.length()), tensor);
            }
        });
        return new ReplicaState(
                values(file, "weights"), values(file, "momentum"), values(file, "statistics"), loss, tally);
    }

    private static String required(Map<String, String> metadata, String key) {
        String value = metadata.get(key);
        if (value == null) {
            throw new IllegalArgumentException("'" + key + "' is missing");
        }
        return value;
    }

    private static float[] values(Safetensors file, String name) {
        Tensor tensor = file.tensors().get(name);
        return tensor == null ? new float[0] : tensor.values();
    }
}
