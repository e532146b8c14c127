package org.sftn.train.progress;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.sftn.train.quantity.StepQuantity;

/**
 * How far a run is, and how it has gone since this was last said.
 *
 * @param epoch that is going on, from 1
 * @param epochs of the whole run
 * @param iteration done
 * @param iterations of the whole run
 * @param loss mean over the images
 * @param terms of the loss likewise, by name
 * @param top1 share of the images, in [0, 1]; null when there are no logits
 * @param imagesPerSecond over all executors
 * @param quantities of the steps, by {@link StepQuantity#column}
 * @param secondsLeft expected
 * @param restarts of this process's training, after failures
 * @param executors that train now
 * @param missingExecutors how many more it should be
 */
public record TrainingProgress(
        long epoch,
        int epochs,
        long iteration,
        long iterations,
        double learningRate,
        double loss,
        Map<String, Double> terms,
        @Nullable Double top1,
        double imagesPerSecond,
        Map<String, Double> quantities,
        long secondsLeft,
        int restarts,
        int executors,
        int missingExecutors) {
    public TrainingProgress {
        // A file may lack them.
        quantities = quantities == null ? Map.of() : Collections.unmodifiableMap(new LinkedHashMap<>(quantities));
    }

    /** Hours, minutes and seconds, for people. */
    public static String time(long seconds) {
        return String.format(Locale.ROOT, "%d:%02d:%02d", seconds / 3600, seconds / 60 % 60, seconds % 60);
    }
}
