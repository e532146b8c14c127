package org.sftn.train.optimizer;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.sftn.conf.TrainingSettings;
import org.sftn.engine.TrainingExecutable;
import org.sftn.nn.ParameterSpec;

/**
 * By how much each value of a flat array of parameters decays.
 *
 * @param runs from the start of the array to its end, each with another decay than the one before
 */
public record WeightDecay(List<Run> runs) {
    /**
     * Consecutive values with one decay.
     *
     * @param end behind the last one; the run starts where the one before ends
     */
    record Run(int end, float decay) {}

    public WeightDecay {
        runs = List.copyOf(runs);
    }

    /** @param decay of every value, at least 0 */
    public static WeightDecay everywhere(double decay) {
        return new WeightDecay(List.of(new Run(Integer.MAX_VALUE, (float) decay)));
    }

    /**
     * As the settings have it, in the engine's own order. Without {@link TrainingSettings#decayBatchNormAndBiases} no parameter of one
     * dimension decays: batch-norm's scale and shift, biases, parameter vectors.
     */
    public static WeightDecay of(TrainingSettings settings, TrainingExecutable executable) {
        if (settings.decayBatchNormAndBiases()) {
            return everywhere(settings.weightDecay());
        }
        Map<String, Integer> ranks = executable.network().parameters().stream()
                .collect(Collectors.toMap(
                        ParameterSpec::name, spec -> spec.shape().rank()));
        List<Run> runs = new ArrayList<>();
        executable.ranges().forEach((name, range) -> {
            float decay = ranks.get(name) > 1 ? (float) settings.weightDecay() : 0;
            // What pads stays 0 with any decay, so a run reaches to the next.
            if (!runs.isEmpty() && runs.get(runs.size() - 1).decay() == decay) {
                runs.remove(runs.size() - 1);
            }
            runs.add(new Run(range.end(), decay));
        });
        return new WeightDecay(runs);
    }
}
