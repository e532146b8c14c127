package org.sftn.train;

import java.io.Serializable;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.OptionalDouble;

/**
 * Sums over training images.
 *
 * @param loss sum of the images' losses
 * @param terms likewise, by name
 * @param correct images whose largest logit is their label's; {@link #UNKNOWN} when there are no logits
 * @param skipped damaged images, which are not among the others
 */
record Tally(long images, double loss, Map<String, Double> terms, long correct, long skipped) implements Serializable {
    static final long UNKNOWN = -1;
    static final Tally EMPTY = new Tally(0, 0, Map.of(), 0, 0);

    static Tally of(int images, Loss loss, long correct) {
        Map<String, Double> terms = new LinkedHashMap<>();
        loss.terms().forEach((name, mean) -> terms.put(name, mean * images));
        return new Tally(images, loss.total() * images, terms, correct, 0);
    }

    static Tally skipped(long images) {
        return new Tally(0, 0, Map.of(), 0, images);
    }

    Tally plus(Tally other) {
        Map<String, Double> sums = new LinkedHashMap<>(terms);
        other.terms.forEach((name, sum) -> sums.merge(name, sum, Double::sum));
        return new Tally(
                images + other.images,
                loss + other.loss,
                sums,
                correct < 0 || other.correct < 0 ? UNKNOWN : correct + other.correct,
                skipped + other.skipped);
    }

    double meanLoss() {
        return loss / images;
    }

    /** Means by name. */
    Map<String, Double> meanTerms() {
        Map<String, Double> means = new LinkedHashMap<>();
        terms.forEach((name, sum) -> means.put(name, sum / images));
        return means;
    }

    /** A share in [0, 1]; empty when there are no logits. */
    OptionalDouble top1() {
        return correct < 0 ? OptionalDouble.empty() : OptionalDouble.of((double) correct / images);
    }
}
