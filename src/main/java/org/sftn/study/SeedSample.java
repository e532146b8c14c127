package org.sftn.study;

import java.util.Arrays;
import java.util.Collection;
import java.util.Optional;
import org.apache.commons.math3.distribution.TDistribution;

/**
 * A number that was measured for several seeds.
 *
 * @param count how often; what is not finite does not count
 * @param mean not a number when the count is 0
 * @param deviation sample standard deviation, with {@code count - 1} in the denominator; not a number when the count is below 2
 */
public record SeedSample(int count, double mean, double deviation) {
    /** Of every two-sided interval. */
    public static final double CONFIDENCE = 0.95;

    static SeedSample of(Collection<Double> values) {
        double[] finite = values.stream()
                .filter(Double::isFinite)
                .mapToDouble(Double::doubleValue)
                .toArray();
        double mean = Arrays.stream(finite).sum() / finite.length;
        double squares =
                Arrays.stream(finite).map(value -> value - mean).map(d -> d * d).sum();
        return new SeedSample(
                finite.length, mean, finite.length < 2 ? Double.NaN : Math.sqrt(squares / (finite.length - 1)));
    }

    /**
     * Where the mean of all seeds lies, by Student's t with {@code count - 1} degrees of freedom: mean ± t · deviation / √count.
     * Empty when the count is below 2.
     */
    public Optional<Interval> interval() {
        if (count < 2) {
            return Optional.empty();
        }
        double quantile = new TDistribution(count - 1).inverseCumulativeProbability((1 + CONFIDENCE) / 2);
        double half = quantile * deviation / Math.sqrt(count);
        return Optional.of(new Interval(mean - half, mean + half));
    }
}
