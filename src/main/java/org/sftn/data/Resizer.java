package org.sftn.data;

/**
 * Pillow's bilinear resize with antialias, bit for bit, joined with torchvision's centre crop: only what remains is computed.
 */
final class Resizer {
    // Pillow's: 8 bits for the value, 2 for overshoot, the rest for the fraction.
    private static final int FRACTION_BITS = 32 - 8 - 2;

    private Resizer() {}

    /** An image that is read row by row. */
    interface Source {
        int width();

        int height();

        /** Fills the first {@link #width} places of each array with 0 to 255. */
        void row(int y, int[] red, int[] green, int[] blue);
    }

    /** For each output place the input places it is a weighted mean of: first[i] onwards, weights in fixed point. */
    private record Kernel(int[] first, int[][] weights) {}

    /** @return R, G, B planes, {@code 3 x size x size}: the shorter side resized to size, the middle of the longer one */
    static byte[] fit(Source source, int size) {
        int width = source.width();
        int height = source.height();
        int shorter = Math.min(width, height);
        long resizedWidth = (long) size * width / shorter;
        long resizedHeight = (long) size * height / shorter;
        Kernel columns = kernel(width, resizedWidth, middle(resizedWidth, size), size);
        Kernel rows = kernel(height, resizedHeight, middle(resizedHeight, size), size);

        int firstRow = rows.first()[0];
        int endRow = rows.first()[size - 1] + rows.weights()[size - 1].length;
        byte[][][] narrowed = new byte[Preprocessing.CHANNELS][endRow - firstRow][size];
        int[][] line = new int[Preprocessing.CHANNELS][width];
        for (int y = firstRow; y < endRow; y++) {
            source.row(y, line[0], line[1], line[2]);
            for (int c = 0; c < line.length; c++) {
                narrow(line[c], columns, narrowed[c][y - firstRow]);
            }
        }
        byte[] planes = new byte[Preprocessing.CHANNELS * size * size];
        for (int c = 0; c < narrowed.length; c++) {
            for (int y = 0; y < size; y++) {
                flatten(
                        narrowed[c],
                        rows.first()[y] - firstRow,
                        rows.weights()[y],
                        planes,
                        (c * size + y) * size,
                        size);
            }
        }
        return planes;
    }

    // Python's round, which torchvision uses, takes halves to the even number.
    private static long middle(long length, int size) {
        return (long) Math.rint((length - size) / 2.0);
    }

    private static void narrow(int[] line, Kernel kernel, byte[] out) {
        for (int x = 0; x < out.length; x++) {
            int first = kernel.first()[x];
            int[] weights = kernel.weights()[x];
            int sum = 1 << (FRACTION_BITS - 1);
            for (int i = 0; i < weights.length; i++) {
                sum += line[first + i] * weights[i];
            }
            out[x] = (byte) (sum >> FRACTION_BITS);
        }
    }

    private static void flatten(byte[][] rows, int first, int[] weights, byte[] out, int offset, int size) {
        for (int x = 0; x < size; x++) {
            int sum = 1 << (FRACTION_BITS - 1);
            for (int i = 0; i < weights.length; i++) {
                sum += (rows[first + i][x] & 0xFF) * weights[i];
            }
            out[offset + x] = (byte) (sum >> FRACTION_BITS);
        }
    }

    private static Kernel kernel(int length, long resized, long start, int count) {
        double scale = (double) length / resized;
        double support = Math.max(scale, 1);
        int[] first = new int[count];
        int[][] weights = new int[count][];
        for (int i = 0; i < count; i++) {
            double centre = (start + i + 0.5) * scale;
            first[i] = Math.max(0, (int) (centre - support + 0.5));
            int end = Math.min(length, (int) (centre + support + 0.5));
            double[] triangle = new double[end - first[i]];
            double sum = 0;
            for (int j = 0; j < triangle.length; j++) {
                triangle[j] = Math.max(0, 1 - Math.abs((first[i] + j - centre + 0.5) * (1 / support)));
                sum += triangle[j];
            }
            weights[i] = new int[triangle.length];
            for (int j = 0; j < triangle.length; j++) {
                double weight = triangle[j] * (1 / sum);
                weights[i][j] = (int) (0.5 + weight * (1 << FRACTION_BITS));
            }
        }
        return new Kernel(first, weights);
    }
}
