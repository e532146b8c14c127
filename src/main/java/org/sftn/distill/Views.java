package org.sftn.distill;

import org.sftn.nn.Layout;
import org.sftn.nn.Shape;
import org.sftn.nn.Tensor;

/** What teacher and student see of each image. */
public enum Views {
    /** The image. */
    PLAIN(1),
    /** The image, then it rotated counterclockwise by 90, 180 and 270 degrees. */
    ROTATED(4);

    private final int count;

    Views(int count) {
        this.count = count;
    }

    /** Rows for each image. */
    public int count() {
        return count;
    }

    /**
     * @param images square, {@code batch x channels x size x size} in any layout
     * @return {@code count * batch} images, view after view
     */
    Tensor of(Tensor images) {
        if (this == PLAIN) {
            return images;
        }
        Shape shape = images.shape();
        int batch = images.batch();
        int channels = shape.dimension(1);
        int size = shape.dimension(2);
        boolean last = images.layout() == Layout.CHANNELS_LAST;
        int pixel = last ? channels : 1;
        int channel = last ? 1 : size * size;
        float[] from = images.values();
        float[] to = new float[count * from.length];
        System.arraycopy(from, 0, to, 0, from.length);
        for (int view = 1; view < count; view++) {
            for (int b = 0; b < batch; b++) {
                int source = ((view - 1) * batch + b) * channels * size * size;
                int target = source + batch * channels * size * size;
                for (int y = 0; y < size; y++) {
                    for (int x = 0; x < size; x++) {
                        // A turn of the view before.
                        int at = source + (x * size + size - 1 - y) * pixel;
                        int into = target + (y * size + x) * pixel;
                        for (int c = 0; c < channels; c++) {
                            to[into + c * channel] = to[at + c * channel];
                        }
                    }
                }
            }
        }
        return new Tensor(Shape.of(count * batch, channels, size, size), to, images.layout());
    }
}
