package org.sftn.data.image;

import java.util.Arrays;

/**
 * Pillow's bilinear resize with antialias, bit for bit (Pillow's {@code Resample.c}: first along the rows, rounded to bytes,
 * then along the columns), joined with a crop before and after it: only what remains is computed.
 */
public final class Resizer {
    // Pillow's: 8 bits for the value, 2 for overshoot, the rest for the fraction.
    private static final int FRACTION_BITS = 32 - 8 - 2;
    private static final int HALF = 1 << (FRACTION_BITS - 1);
    private static final int WHITE = 255;

    private Resizer() {}

    /** An image that is read row by row; it may hold native memory. */
    public interface Source extends AutoCloseable {
        int width();

        int height();

        /** 1 where the pixels are the file's; n where each stands for n x n of them. */
        int reduction();

        /**
         * @param first column
         * @param count pixels, at least 1
         * @param pixels gets them from place 0: red in bits 31 to 24, green in 23 to 16, blue in 15 to 8, anything below
         */
        void row(int y, int first, int count, int[] pixels);

        @Override
        void close();
    }

    /**
     * How one dimension becomes the result's.
     *
     * @param start the first input place that may be read
     * @param length input places that may be read
     * @param from where the resized part begins, in input places after start; at least 0
     * @param extent of the resized part; ends within length
     * @param resized places that the part is resized to
     * @param first of these, which becomes the result's first
     */
    public record Axis(int start, int length, double from, double extent, long resized, long first) {
        /** All of it resized to {@code resized} places, of which the middle is kept as torchvision's CenterCrop does. */
        static Axis middle(int length, long resized, int size) {
            // Python's round, which torchvision uses, takes halves to the even number.
            return new Axis(0, length, 0, length, resized, (long) Math.rint((resized - size) / 2.0));
        }

        /**
         * A part, resized alone: what lies around it has no effect.
         *
         * @param start of the part, in the file's pixels
         * @param length of the part, in the file's pixels
         * @param available places of the image
         * @param reduction of the image
         */
        public static Axis part(int start, int length, int available, int reduction, int size) {
            int first = start / reduction;
            int end = Math.min(available, (start + length + reduction - 1) / reduction);
            double from = start / (double) reduction - first;
            double extent = Math.min(length / (double) reduction, end - first - from);
            return new Axis(first, end - first, from, extent, size, 0);
        }
    }

    /** For each output place the input places it is a weighted mean of: first[i] onwards, weights in fixed point. */
    private record Kernel(int[] first, int[][] weights) {
        int end() {
            int last = first.length - 1;
            return first[last] + weights[last].length;
        }

        int longest() {
            return Arrays.stream(weights).mapToInt(w -> w.length).max().orElse(0);
        }
    }

    /** @return R, G, B planes, {@code 3 x height x width} */
    public static byte[] planes(Source source, Axis columnsOf, Axis rowsOf, int width, int height) {
        Kernel columns = kernel(columnsOf, width);
        Kernel rows = kernel(rowsOf, height);
        int firstColumn = columns.first()[0];
        int[] line = new int[columns.end() - firstColumn];
        // Of the narrowed rows only those are kept that the next output row may need.
        int[][] narrowed = new int[rows.longest()][Preprocessing.CHANNELS * width];
        int[] sums = new int[Preprocessing.CHANNELS * width];
        byte[] planes = new byte[Preprocessing.CHANNELS * height * width];
        int next = rows.first()[0];
        for (int y = 0; y < height; y++) {
            int first = rows.first()[y];
            int[] weights = rows.weights()[y];
            for (next = Math.max(next, first); next < first + weights.length; next++) {
                source.row(next, firstColumn, line.length, line);
                narrow(line, firstColumn, columns, narrowed[next % narrowed.length], width);
            }
            Arrays.fill(sums, HALF);
            for (int i = 0; i < weights.length; i++) {
                add(narrowed[(first + i) % narrowed.length], weights[i], sums);
            }
            for (int c = 0; c < Preprocessing.CHANNELS; c++) {
                store(sums, c * width, planes, (c * height + y) * width, width);
            }
        }
        return planes;
    }

    /** Red, then green, then blue. */
    private static void narrow(int[] line, int firstColumn, Kernel kernel, int[] out, int width) {
        for (int x = 0; x < width; x++) {
            int[] weights = kernel.weights()[x];
            int at = kernel.first()[x] - firstColumn;
            // Red and blue in one number: no sum is above 31 bits.
            long redAndBlue = (long) HALF << 32 | HALF;
            int green = HALF;
            for (int weight : weights) {
                int pixel = line[at++];
                redAndBlue += weight * ((pixel & 0xFF000000L) << 8 | (pixel >>> 8 & 0xFF));
                green += weight * (pixel >>> 16 & 0xFF);
            }
            out[x] = Math.min(WHITE, (int) (redAndBlue >>> (32 + FRACTION_BITS)));
            out[width + x] = Math.min(WHITE, green >>> FRACTION_BITS);
            out[2 * width + x] = Math.min(WHITE, (int) redAndBlue >>> FRACTION_BITS);
        }
    }

    // A method of its own, so that the compiler makes vector instructions of it.
    private static void add(int[] row, int weight, int[] sums) {
        for (int x = 0; x < sums.length; x++) {
            sums[x] += row[x] * weight;
        }
    }

    private static void store(int[] sums, int from, byte[] out, int offset, int count) {
        for (int x = 0; x < count; x++) {
            out[offset + x] = (byte) Math.min(WHITE, sums[from + x] >>> FRACTION_BITS);
        }
    }

    private static Kernel kernel(Axis axis, int count) {
        double scale = axis.extent() / axis.resized();
        double support = Math.max(scale, 1);
        int[] first = new int[count];
        int[][] weights = new int[count][];
        for (int i = 0; i < count; i++) {
            double center = axis.from() + (axis.first() + i + 0.5) * scale;
            int begin = Math.max(0, (int) (center - support + 0.5));
            int end = Math.min(axis.length(), (int) (center + support + 0.5));
            double[] triangle = new double[end - begin];
            double sum = 0;
            for (int j = 0; j < triangle.length; j++) {
                triangle[j] = Math.max(0, 1 - Math.abs((begin + j - center + 0.5) * (1 / support)));
                sum += triangle[j];
            }
            int[] fixed = new int[triangle.length];
            for (int j = 0; j < triangle.length; j++) {
                double weight = triangle[j] * (1 / sum);
                fixed[j] = (int) (0.5 + weight * (1 << FRACTION_BITS));
            }
            first[i] = axis.start() + begin;
            weights[i] = fixed;
        }
        return new Kernel(first, weights);
    }
}
