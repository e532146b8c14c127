package org.sftn.train.quantity;

import java.io.Serializable;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Where the time of training steps went, in seconds, summed over steps and ranks.
 *
 * @param all of the steps, evaluation and checkpoints not counted
 * @param parts of it
 */
public record StepTimes(double all, Map<StepShare, Double> parts) implements Serializable {
    public static final StepTimes NONE = new StepTimes(0, Map.of());

    public StepTimes plus(StepTimes other) {
        Map<StepShare, Double> sums = new LinkedHashMap<>(parts);
        other.parts.forEach((share, seconds) -> sums.merge(share, seconds, Double::sum));
        return new StepTimes(all + other.all, sums);
    }

    /** By column, in the order of the table. */
    public Map<String, Double> shares() {
        Map<String, Double> shares = new LinkedHashMap<>();
        for (StepShare share : StepShare.values()) {
            shares.put(share.column(), all == 0 ? 0 : parts.getOrDefault(share, 0.0) / all);
        }
        return Collections.unmodifiableMap(shares);
    }
}
