package org.sftn.data.image;

import org.sftn.conf.DataSettings.RandomResizedCrop;
import org.sftn.data.order.RandomStream;

/**
 * A part of an image.
 *
 * @param top its first row
 * @param left its first column
 * @param height rows, at least 1
 * @param width columns, at least 1
 */
public record Region(int top, int left, int height, int width) {
    private static final int TRIES = 10;

    /** Chooses a part of an image, given its size. */
    @FunctionalInterface
    public interface Choice {
        Region of(int width, int height);
    }

    /**
     * As torchvision's {@code RandomResizedCrop.get_params}: a share of the area, uniform, and a ratio of width to height whose
     * logarithm is uniform, ten times until the part fits; else the middle, as large as the ratios allow.
     */
    public static Region random(RandomStream random, RandomResizedCrop limits, int width, int height) {
        double area = (double) width * height;
        for (int i = 0; i < TRIES; i++) {
            double partArea = area * random.nextDouble(limits.minArea(), limits.maxArea());
            // StrictMath: the same bits everywhere.
            double ratio = StrictMath.exp(
                    random.nextDouble(StrictMath.log(limits.minRatio()), StrictMath.log(limits.maxRatio())));
            long partWidth = (long) Math.rint(Math.sqrt(partArea * ratio));
            long partHeight = (long) Math.rint(Math.sqrt(partArea / ratio));
            if (partWidth > 0 && partWidth <= width && partHeight > 0 && partHeight <= height) {
                int top = random.nextInt(height - (int) partHeight + 1);
                int left = random.nextInt(width - (int) partWidth + 1);
                return new Region(top, left, (int) partHeight, (int) partWidth);
            }
        }
        return middle(limits, width, height);
    }

    private static Region middle(RandomResizedCrop limits, int width, int height) {
        double ratio = (double) width / height;
        int partWidth = width;
        int partHeight = height;
        if (ratio < limits.minRatio()) {
            partHeight = (int) Math.max(1, Math.rint(width / limits.minRatio()));
        } else if (ratio > limits.maxRatio()) {
            partWidth = (int) Math.max(1, Math.rint(height * limits.maxRatio()));
        }
        return new Region((height - partHeight) / 2, (width - partWidth) / 2, partHeight, partWidth);
    }
}
