package org.sftn.evaluate;

import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

/**
 * What a model says of a split.
 *
 * @param predictions in the order of the images' indices, whatever order they were given in
 */
public record Evaluation(List<String> classNames, List<Prediction> predictions) {
    private static final int BINS = 15;

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

    /**
     * The expected calibration error (Guo et al. 2017, arXiv 1706.04599, equation 3): the mean distance, over the images, between
     * the probability of the predicted class and the share of right predictions among images of like probability; those of {@value
     * #BINS} intervals of equal width.
     *
     * @return in [0, 1]
     */
    public double calibrationError() {
        double[] excess = new double[BINS];
        for (Prediction prediction : predictions) {
            int bin = Math.min(BINS - 1, (int) (prediction.probability() * BINS));
            excess[bin] += prediction.probability() - (prediction.rank() == 0 ? 1 : 0);
        }
        return Arrays.stream(excess).map(Math::abs).sum() / predictions.size();
    }

    /** Numbers of images by label, then by predicted class. */
    public long[][] confusion() {
        long[][] counts = new long[classNames.size()][classNames.size()];
        predictions.forEach(p -> counts[p.label()][p.predicted()]++);
        return counts;
    }
}
