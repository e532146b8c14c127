package org.sftn.evaluate;

import java.util.Comparator;
import java.util.List;

/**
 * What a model says of a split.
 *
 * @param predictions in the order of the images' indices, whatever order they were given in
 */
public record Evaluation(List<String> classNames, List<Prediction> predictions) {
    public Evaluation {
        classNames = List.copyOf(classNames);
        predictions = predictions.stream()
                .sorted(Comparator.comparingLong(Prediction::index))
                .toList();
    }

    /** The share of images whose label is the first guess. */
    public double top1() {
        return withRankBelow(1);
    }

    /** The share of images whose label is among the first five guesses; of all guesses where there are fewer classes. */
    public double top5() {
        return withRankBelow(5);
    }

    private double withRankBelow(int limit) {
        return predictions.stream().filter(p -> p.rank() < limit).count() / (double) predictions.size();
    }

    /** The mean cross-entropy. */
    public double loss() {
        // In the order of the images, so that the sum does not depend on the number of partitions.
        double sum = 0;
        for (Prediction prediction : predictions) {
            sum += prediction.loss();
        }
        return sum / predictions.size();
    }

    /** Numbers of images by label, then by predicted class. */
    public long[][] confusion() {
        long[][] counts = new long[classNames.size()][classNames.size()];
        predictions.forEach(p -> counts[p.label()][p.predicted()]++);
        return counts;
    }
}
