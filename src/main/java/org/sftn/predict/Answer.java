package org.sftn.predict;

import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What a model says of one image, or why it says nothing.
 *
 * @param name of the image; empty when it has none
 * @param passed what its source knows of it otherwise, by {@link AnswerColumns#passed}
 * @param best the most probable classes, the best first, of equal ones the lowest; none when the image cannot be used
 * @param logits null when they are not asked for, or the image cannot be used
 * @param features what the classifier sees: the last maps' means. Null likewise
 * @param reason why the image cannot be used
 */
record Answer(
        String name,
        List<@Nullable Object> passed,
        List<Guess> best,
        float @Nullable [] logits,
        float @Nullable [] features,
        Optional<String> reason) {
    /** @param probability in [0, 1] */
    record Guess(String className, double probability) {}
}
