package org.sftn.train.loss;

import java.util.Arrays;
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
public record AdaptivePool(int height, int width, int rows, int columns) {
    /** Whether the cells are the values. */
    public boolean isIdentity() {
        return height == rows && width == columns;
    }

    /** @param maps {@code batch x channels x height x width} */
    public Tensor pooled(Tensor maps, Arithmetic arithmetic) {
        if (isIdentity()) {
            return maps;
        }
        Shape shape = maps.shape();
        Tensor pooled = Tensor.zeros(Shape.of(maps.batch(), shape.dimension(1), rows, columns));
        arithmetic.split(maps.batch() * shape.dimension(1), (from, to) -> {
            float[] sums = new float[width];
            for (int plane = from; plane < to; plane++) {
                pool(maps.values(), plane * height * width, sums, pooled.values(), plane * rows * columns);
            }
        });
        return pooled;
    }

    /** The gradient with respect to the maps from the one with respect to their cells. */
    public Tensor gradient(Tensor cells, Arithmetic arithmetic) {
        if (isIdentity()) {
            return cells;
        }
        int channels = cells.shape().dimension(1);
        Tensor gradient = Tensor.zeros(Shape.of(cells.batch(), channels, height, width));
        arithmetic.split(cells.batch() * channels, (from, to) -> {
            float[] shares = new float[width];
            for (int plane = from; plane < to; plane++) {
                spread(1, cells.values(), plane * rows * columns, shares, gradient.values(), plane * height * width);
            }
        });
        return gradient;
    }

    /**
     * The means of one plane.
     *
     * @param sums room for a row of the plane
     */
    public void pool(float[] values, int from, float[] sums, float[] cells, int to) {
        for (int row = 0; row < rows; row++) {
            int top = first(row, height, rows);
            int bottom = end(row, height, rows);
            Arrays.fill(sums, 0, width, 0);
            for (int y = top; y < bottom; y++) {
                add(values, from + y * width, sums, width);
            }
            for (int column = 0; column < columns; column++) {
                int left = first(column, width, columns);
                int right = end(column, width, columns);
                float sum = 0;
                for (int x = left; x < right; x++) {
                    sum += sums[x];
                }
                cells[to + row * columns + column] = sum / ((bottom - top) * (right - left));
            }
        }
    }

    /**
     * Adds to one plane of gradients what comes from its cells', times a scale.
     *
     * @param shares room for a row of the plane
     */
    public void spread(float scale, float[] cells, int from, float[] shares, float[] gradient, int to) {
        for (int row = 0; row < rows; row++) {
            int top = first(row, height, rows);
            int bottom = end(row, height, rows);
            Arrays.fill(shares, 0, width, 0);
            for (int column = 0; column < columns; column++) {
                int left = first(column, width, columns);
                int right = end(column, width, columns);
                float share = scale * cells[from + row * columns + column] / ((bottom - top) * (right - left));
                for (int x = left; x < right; x++) {
                    shares[x] += share;
                }
            }
            for (int y = top; y < bottom; y++) {
                addTo(gradient, to + y * width, shares, width);
            }
        }
    }

    private static void add(float[] values, int from, float[] sums, int count) {
        for (int x = 0; x < count; x++) {
            sums[x] += values[from + x];
        }
    }

    private static void addTo(float[] sums, int from, float[] values, int count) {
        for (int x = 0; x < count; x++) {
            sums[from + x] += values[x];
        }
    }

    private static int first(int cell, int values, int cells) {
        return cell * values / cells;
    }

    private static int end(int cell, int values, int cells) {
        return ((cell + 1) * values + cells - 1) / cells;
    }
}
