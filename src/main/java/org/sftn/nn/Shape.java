package org.sftn.nn;

import java.io.Serializable;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/**
 * The dimensions of one example's tensor, without the batch: {@code channels x height x width} for a feature map,
 * {@code features} for a vector; also a parameter's dimensions in PyTorch's order.
 *
 * @param dimensions at least one, each at least 1
 */
public record Shape(List<Integer> dimensions) implements Serializable {
    public Shape {
        dimensions = List.copyOf(dimensions);
        if (dimensions.isEmpty() || dimensions.stream().anyMatch(d -> d < 1)) {
            throw new IllegalArgumentException("a shape needs dimensions of at least 1, not " + dimensions);
        }
    }

    public static Shape of(int... dimensions) {
        return new Shape(Arrays.stream(dimensions).boxed().collect(Collectors.toList()));
    }

    public int rank() {
        return dimensions.size();
    }

    public int dimension(int axis) {
        return dimensions.get(axis);
    }

    public boolean isMap() {
        return rank() == 3;
    }

    public int channels() {
        return dimensions.get(0);
    }

    /** Height of a feature map. */
    public int height() {
        return dimensions.get(1);
    }

    /** Width of a feature map. */
    public int width() {
        return dimensions.get(2);
    }

    /** The number of values, at most {@link Integer#MAX_VALUE} ({@link ArithmeticException} beyond). */
    public int elements() {
        return dimensions.stream().reduce(1, Math::multiplyExact);
    }

    /** This shape with the batch in front. */
    public Shape batched(int batch) {
        int[] all = new int[rank() + 1];
        all[0] = batch;
        for (int i = 0; i < rank(); i++) {
            all[i + 1] = dimension(i);
        }
        return of(all);
    }

    /** For example {@code 64x16x16}. */
    @Override
    public String toString() {
        return dimensions.stream().map(String::valueOf).collect(Collectors.joining("x"));
    }
}
