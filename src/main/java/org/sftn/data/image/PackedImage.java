package org.sftn.data.image;

/**
 * An image in memory.
 *
 * @param values bytes, row by row, of each pixel all bands
 * @param start of the first pixel in values
 * @param bands 1 for gray, 3 for red, green and blue
 */
record PackedImage(byte[] values, int start, int width, int height, int bands) implements Resizer.Source {
    @Override
    public int reduction() {
        return 1;
    }

    @Override
    public void row(int y, int first, int count, int[] pixels) {
        int at = start + (y * width + first) * bands;
        for (int x = 0; x < count; x++, at += bands) {
            pixels[x] = bands == 1
                    ? (values[at] & 0xFF) * 0x01010100
                    : values[at] << 24 | (values[at + 1] & 0xFF) << 16 | (values[at + 2] & 0xFF) << 8;
        }
    }

    @Override
    public void close() {}
}
