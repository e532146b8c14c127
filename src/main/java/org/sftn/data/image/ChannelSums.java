package org.sftn.data.image;

import java.io.Serializable;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.MathContext;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Sums of pixel values, 0 to 255, by channel: integers, so that mean and deviation do not depend on the order of adding.
 *
 * @param pixels by channel
 */
public record ChannelSums(long pixels, List<Long> values, List<Long> squares) implements Serializable {
    private static final int WHITE = 255;

    public ChannelSums {
        values = List.copyOf(values);
        squares = List.copyOf(squares);
        if (values.size() != Preprocessing.CHANNELS || squares.size() != Preprocessing.CHANNELS) {
            throw new IllegalArgumentException(
                    String.format(Locale.ROOT, "sums of %d and %d channels", values.size(), squares.size()));
        }
    }

    public static final ChannelSums NONE = new ChannelSums(0, List.of(0L, 0L, 0L), List.of(0L, 0L, 0L));

    /** Of one image's R, G, B planes. */
    public static ChannelSums of(byte[] planes) {
        int plane = planes.length / Preprocessing.CHANNELS;
        List<Long> values = new ArrayList<>();
        List<Long> squares = new ArrayList<>();
        for (int c = 0; c < Preprocessing.CHANNELS; c++) {
            long sum = 0;
            long square = 0;
            for (int i = c * plane; i < (c + 1) * plane; i++) {
                int value = planes[i] & 0xFF;
                sum += value;
                square += (long) value * value;
            }
            values.add(sum);
            squares.add(square);
        }
        return new ChannelSums(plane, values, squares);
    }

    public ChannelSums plus(ChannelSums other) {
        return new ChannelSums(pixels + other.pixels, sum(values, other.values), sum(squares, other.squares));
    }

    private static List<Long> sum(List<Long> a, List<Long> b) {
        List<Long> sum = new ArrayList<>();
        for (int c = 0; c < a.size(); c++) {
            sum.add(a.get(c) + b.get(c));
        }
        return sum;
    }

    /** In [0, 1], by channel. */
    public List<Double> mean() {
        return values.stream()
                .map(sum -> new BigDecimal(sum)
                        .divide(new BigDecimal(pixels).multiply(new BigDecimal(WHITE)), MathContext.DECIMAL64)
                        .doubleValue())
                .toList();
    }

    /** Of the whole population, in [0, 1], by channel; 1 for a channel that never varies, since there is nothing to scale. */
    public List<Double> standardDeviation() {
        List<Double> deviations = new ArrayList<>();
        BigInteger n = BigInteger.valueOf(pixels);
        for (int c = 0; c < values.size(); c++) {
            BigInteger sum = BigInteger.valueOf(values.get(c));
            BigInteger scaled = n.multiply(BigInteger.valueOf(squares.get(c))).subtract(sum.multiply(sum));
            double variance = new BigDecimal(scaled)
                    .divide(new BigDecimal(n.multiply(n)), MathContext.DECIMAL64)
                    .doubleValue();
            deviations.add(variance == 0 ? 1 : Math.sqrt(variance) / WHITE);
        }
        return deviations;
    }
}
