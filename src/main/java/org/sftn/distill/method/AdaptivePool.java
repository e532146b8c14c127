package org.sftn.distill.method;

import java.util.Arrays;
import java.util.stream.IntStream;
import org.sftn.engine.Arithmetic;
import org.sftn.nn.Shape;
import org.sftn.nn.Tensor;

/**
 * The mean of each cell of a grid over a plane, as PyTorch's adaptive average pooling: of a side of n values in m cells, cell i holds
 * those from floor(i n / m) to before ceil((i + 1) n / m), so that cells share values where m does not divide n.
 *
 * @param height of the plane
 * @param width of the plane
 * @param rows of cells
 * @param columns of cells
 */
record AdaptivePool(int height, int width, int rows, int columns) {
    /** @param maps {@code batch x channels x height x width} */
    Tensor pooled(Arithmetic arithmetic, Tensor maps) {
        int channels = maps.shape().dimension(1);
        Tensor pooled = arithmetic.tensor(Shape.of(maps.batch(), channels, rows, columns));
        arithmetic.split(
                maps.batch() * channels,
                (from, to) ->
                        pool(maps.values(), from * height * width, to - from, pooled.values(), from * rows * columns));
        return pooled;
    }

    /** The gradient with respect to the maps from the one with respect to their means. */
    Tensor unpooled(Arithmetic arithmetic, Tensor means) {
        int channels = means.shape().dimension(1);
        Tensor gradient = Tensor.zeros(Shape.of(means.batch(), channels, height, width));
        arithmetic.split(
                means.batch() * channels,
                (from, to) -> spread(
                        means.values(), from * rows * columns, to - from, gradient.values(), from * height * width));
        return gradient;
    }

    /** The means of consecutive planes, on the calling thread. */
    void pool(float[] values, int from, int planes, float[] cells, int to) {
        int[] tops = firsts(height, rows);
        int[] bottoms = ends(height, rows);
        int[] lefts = firsts(width, columns);
        int[] rights = ends(width, columns);
        float[] sums = new float[width];
        for (int plane = 0; plane < planes; plane++) {
            for (int row = 0; row < rows; row++) {
                int top = tops[row];
                int bottom = bottoms[row];
                Arrays.fill(sums, 0);
                for (int y = top; y < bottom; y++) {
                    add(values, from + (plane * height + y) * width, sums, 0, width);
                }
                for (int column = 0; column < columns; column++) {
                    int left = lefts[column];
                    int right = rights[column];
                    float sum = 0;
                    for (int x = left; x < right; x++) {
                        sum += sums[x];
                    }
                    cells[to + (plane * rows + row) * columns + column] = sum / ((bottom - top) * (right - left));
                }
            }
        }
    }

    /** Adds to the gradients of consecutive planes what comes from those of their cells, on the calling thread. */
    void spread(float[] cells, int from, int planes, float[] gradient, int to) {
        int[] tops = firsts(height, rows);
        int[] bottoms = ends(height, rows);
        int[] lefts = firsts(width, columns);
        int[] rights = ends(width, columns);
        float[] shares = new float[width];
        for (int plane = 0; plane < planes; plane++) {
            for (int row = 0; row < rows; row++) {
                int top = tops[row];
                int bottom = bottoms[row];
                Arrays.fill(shares, 0);
                for (int column = 0; column < columns; column++) {
                    int left = lefts[column];
                    int right = rights[column];
                    float share =
                            cells[from + (plane * rows + row) * columns + column] / ((bottom - top) * (right - left));
                    for (int x = left; x < right; x++) {
                        shares[x] += share;
                    }
                }
                for (int y = top; y < bottom; y++) {
                    add(shares, 0, gradient, to + (plane * height + y) * width, width);
                }
            }
        }
    }

    private static void add(float[] values, int from, float[] sums, int to, int count) {
        for (int i = 0; i < count; i++) {
            sums[to + i] += values[from + i];
        }
    }

    private static int[] firsts(int values, int cells) {
        return IntStream.range(0, cells).map(cell -> cell * values / cells).toArray();
    }

    private static int[] ends(int values, int cells) {
        return IntStream.range(0, cells)
                .map(cell -> ((cell + 1) * values + cells - 1) / cells)
                .toArray();
    }
}
