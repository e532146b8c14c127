package org.sftn.train.quantity;

import java.io.Serializable;
import java.util.Collections;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What was measured of training steps, over steps and ranks.
 *
 * @param steps how many
 * @param seconds that they took together, evaluation and checkpoints not counted
 * @param sums of the values, or the largest one, as a quantity is joined
 */
public record StepSums(long steps, double seconds, Map<StepQuantity, Double> sums) implements Serializable {
    public static final StepSums NONE = new StepSums(0, 0, Map.of());

    public StepSums plus(StepSums other) {
        Map<StepQuantity, Double> joined = new EnumMap<>(StepQuantity.class);
        joined.putAll(sums);
        other.sums.forEach((quantity, value) -> joined.merge(quantity, value, quantity::plus));
        return new StepSums(steps + other.steps, seconds + other.seconds, joined);
    }

    /** Joined values by column, in the order of the table; 0 when no step was measured. */
    public Map<String, Double> values() {
        Map<String, Double> values = new LinkedHashMap<>();
        for (StepQuantity quantity : StepQuantity.values()) {
            values.put(
                    quantity.column(),
                    steps == 0 ? 0 : quantity.joined(sums.getOrDefault(quantity, 0.0), steps, seconds));
        }
        return Collections.unmodifiableMap(values);
    }
}
