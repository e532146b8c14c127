package org.sftn.data.image;

import org.sftn.conf.DataSettings.ColorJitter;
import org.sftn.data.order.RandomStream;

/**
 * Random changes of color. Of bytes, as torchvision's {@code ColorJitter} makes them of Pillow images, bit for bit
 * ({@code ImageEnhance}); of normalized values, AlexNet's noise.
 */
public final class Colors {
    private static final int VALUES_OF_A_BYTE = 256;
    private static final int WHITE = 255;
    private static final int ADJUSTMENTS = 3;

    // The principal components of ImageNet's colors, in [0, 1], as in facebook/fb.resnet.torch, datasets/imagenet.lua.
    private static final double[] EIGENVALUES = {0.2175, 0.0188, 0.0045};
    private static final double[][] EIGENVECTORS = {
        {-0.5675, 0.7192, 0.4009},
        {-0.5808, -0.0045, -0.8140},
        {-0.5836, -0.6948, 0.4203},
    };

    private Colors() {}

    /**
     * Brightness, contrast and saturation in random order, each by a factor that is uniform in [max(0, 1 - value), 1 + value].
     *
     * @param planes R, G, B; changed in place
     */
    public static void jitter(byte[] planes, ColorJitter settings, RandomStream random) {
        for (int adjustment : random.permutation(ADJUSTMENTS)) {
            switch (adjustment) {
                case 0 -> adjustBrightness(planes, factor(settings.brightness(), random));
                case 1 -> adjustContrast(planes, factor(settings.contrast(), random));
                default -> adjustSaturation(planes, factor(settings.saturation(), random));
            }
        }
    }

    private static float factor(double value, RandomStream random) {
        return (float) random.nextDouble(Math.max(0, 1 - value), 1 + value);
    }

    /** From black by 0 over the image itself by 1 to brighter. */
    static void adjustBrightness(byte[] planes, float factor) {
        blend(planes, 0, factor);
    }

    /** From the image's mean gray by 0 over the image itself by 1 to more contrast. */
    static void adjustContrast(byte[] planes, float factor) {
        int plane = planes.length / Preprocessing.CHANNELS;
        long sum = 0;
        for (int i = 0; i < plane; i++) {
            sum += luma(planes, i, plane);
        }
        blend(planes, (int) (sum / (double) plane + 0.5), factor);
    }

    /** From gray by 0 over the image itself by 1 to more color. */
    static void adjustSaturation(byte[] planes, float factor) {
        int plane = planes.length / Preprocessing.CHANNELS;
        for (int i = 0; i < plane; i++) {
            int gray = luma(planes, i, plane);
            for (int at = i; at < planes.length; at += plane) {
                planes[at] = blend(gray, planes[at] & 0xFF, factor);
            }
        }
    }

    private static void blend(byte[] planes, int from, float factor) {
        byte[] table = new byte[VALUES_OF_A_BYTE];
        for (int value = 0; value < table.length; value++) {
            table[value] = blend(from, value, factor);
        }
        for (int i = 0; i < planes.length; i++) {
            planes[i] = table[planes[i] & 0xFF];
        }
    }

    /** Pillow's {@code Blend.c}. */
    private static byte blend(int from, int value, float factor) {
        float mixed = from + factor * (value - from);
        return (byte) Math.max(0, Math.min(WHITE, (int) mixed));
    }

    /** Pillow's {@code convert("L")}: ITU-R 601-2 in fixed point. */
    private static int luma(byte[] planes, int at, int plane) {
        return ((planes[at] & 0xFF) * 19595
                        + (planes[plane + at] & 0xFF) * 38470
                        + (planes[2 * plane + at] & 0xFF) * 7471
                        + 0x8000)
                >> 16;
    }

    /**
     * AlexNet's noise (Krizhevsky et al. 2012, 4.1): along each principal component of ImageNet's colors its variance times a
     * normal number.
     *
     * @param deviation of the normal numbers
     * @return what each channel's values in [0, 1] grow by, red, green, blue
     */
    public static double[] lighting(double deviation, RandomStream random) {
        double[] shift = new double[Preprocessing.CHANNELS];
        for (int component = 0; component < EIGENVALUES.length; component++) {
            double along = deviation * normal(random) * EIGENVALUES[component];
            for (int c = 0; c < shift.length; c++) {
                shift[c] += EIGENVECTORS[c][component] * along;
            }
        }
        return shift;
    }

    /** Box and Muller 1958. */
    private static double normal(RandomStream random) {
        double radius = Math.sqrt(-2 * StrictMath.log(1 - random.nextDouble()));
        return radius * StrictMath.cos(2 * Math.PI * random.nextDouble());
    }
}
