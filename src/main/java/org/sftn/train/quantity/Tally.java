package org.sftn.train.quantity;

import java.io.Serializable;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.OptionalDouble;
import org.sftn.train.Objective;
import org.sftn.train.loss.Loss;

/**
 * Sums over training images.
 *
 * @param loss sum of the images' losses
 * @param terms likewise, by name
 * @param correct images whose largest logit is their label's, by the name of the logits as in {@link Objective#logits}
 * @param skipped damaged images, which are not among the others
 */
public record Tally(long images, double loss, Map<String, Double> terms, Map<String, Long> correct, long skipped)
        implements Serializable {
    public static final Tally EMPTY = new Tally(0, 0, Map.of(), Map.of(), 0);

    public static Tally of(int images, Loss loss, Map<String, Long> correct) {
        Map<String, Double> terms = new LinkedHashMap<>();
        loss.terms().forEach((name, mean) -> terms.put(name, mean * images));
        return new Tally(images, loss.total() * images, terms, correct, 0);
    }

    public static Tally skipped(long images) {
        return new Tally(0, 0, Map.of(), Map.of(), images);
    }

    public Tally plus(Tally other) {
        Map<String, Double> sums = new LinkedHashMap<>(terms);
        other.terms.forEach((name, sum) -> sums.merge(name, sum, Double::sum));
        Map<String, Long> counts = new LinkedHashMap<>(correct);
        other.correct.forEach((name, count) -> counts.merge(name, count, Long::sum));
        // What was not counted of all images is not known.
        if (images > 0) {
            counts.keySet().retainAll(correct.keySet());
        }
        if (other.images > 0) {
            counts.keySet().retainAll(other.correct.keySet());
        }
        return new Tally(images + other.images, loss + other.loss, sums, counts, skipped + other.skipped);
    }

    public double meanLoss() {
        return loss / images;
    }

    /** Means by name. */
    public Map<String, Double> meanTerms() {
        Map<String, Double> means = new LinkedHashMap<>();
        terms.forEach((name, sum) -> means.put(name, sum / images));
        return means;
    }

    /** The model's share of {@link #correct}, in [0, 1]; empty when it has no logits. */
    public OptionalDouble top1() {
        Long count = correct.get(Objective.MODEL);
        return count == null ? OptionalDouble.empty() : OptionalDouble.of((double) count / images);
    }

    /** Likewise the others', by name. */
    public Map<String, Double> auxiliaryTop1() {
        Map<String, Double> shares = new LinkedHashMap<>();
        correct.forEach((name, count) -> {
            if (!name.equals(Objective.MODEL)) {
                shares.put(name, (double) count / images);
            }
        });
        return shares;
    }
}
