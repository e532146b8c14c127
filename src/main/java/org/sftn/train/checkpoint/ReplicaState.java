package org.sftn.train.checkpoint;

import java.io.IOException;
import java.io.OutputStream;
import java.util.LinkedHashMap;
import java.util.Map;
import org.sftn.model.LazyTensor;
import org.sftn.model.Safetensors;
import org.sftn.nn.Tensor;
import org.sftn.train.quantity.Tally;

/**
 * What one rank puts in a checkpoint: of the network and not of the engine, so that a run can go on with another one, on another
 * processor, with another number of executors. All arrays have their canonical layout.
 *
 * @param weights those parameters that this rank writes, by full name
 * @param momentum of the same parameters; empty when there is none
 * @param statistics its own running statistics, all of the network's, by full name
 * @param loss what its loss remembers, by name
 * @param tally of the epoch so far
 */
public record ReplicaState(
        Map<String, LazyTensor> weights,
        Map<String, LazyTensor> momentum,
        Map<String, LazyTensor> statistics,
        Map<String, LazyTensor> loss,
        Tally tally) {
    private static final String WEIGHT = "weight.";
    private static final String MOMENTUM = "momentum.";
    private static final String STATISTIC = "statistic.";
    private static final String LOSS = "loss.";
    private static final String TERM = "term.";
    private static final String CORRECT = "correct.";

    void write(OutputStream out) throws IOException {
        Map<String, LazyTensor> tensors = new LinkedHashMap<>();
        weights.forEach((name, tensor) -> tensors.put(WEIGHT + name, tensor));
        momentum.forEach((name, tensor) -> tensors.put(MOMENTUM + name, tensor));
        statistics.forEach((name, tensor) -> tensors.put(STATISTIC + name, tensor));
        loss.forEach((name, tensor) -> tensors.put(LOSS + name, tensor));
        Map<String, String> metadata = new LinkedHashMap<>();
        metadata.put("images", Long.toString(tally.images()));
        metadata.put("skipped", Long.toString(tally.skipped()));
        metadata.put("loss", Double.toHexString(tally.loss()));
        tally.terms().forEach((name, sum) -> metadata.put(TERM + name, Double.toHexString(sum)));
        tally.correct().forEach((name, count) -> metadata.put(CORRECT + name, Long.toString(count)));
        Safetensors.write(out, tensors, metadata);
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
        return new ReplicaState(
                tensors(file, WEIGHT), tensors(file, MOMENTUM), tensors(file, STATISTIC), tensors(file, LOSS), tally);
    }

    private static String required(Map<String, String> metadata, String key) {
        String value = metadata.get(key);
        if (value == null) {
            throw new IllegalArgumentException("'" + key + "' is missing");
        }
        return value;
    }

    private static Map<String, LazyTensor> tensors(Safetensors file, String prefix) {
        Map<String, LazyTensor> tensors = new LinkedHashMap<>();
        file.tensors().forEach((name, tensor) -> {
            if (name.startsWith(prefix)) {
                tensors.put(name.substring(prefix.length()), LazyTensor.of(tensor));
            }
        });
        return tensors;
    }

    public static Map<String, Tensor> made(Map<String, LazyTensor> tensors) {
        Map<String, Tensor> made = new LinkedHashMap<>();
        tensors.forEach((name, tensor) -> made.put(name, tensor.make()));
        return made;
    }
}
