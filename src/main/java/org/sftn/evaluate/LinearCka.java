package org.sftn.evaluate;

import org.sftn.nn.Tensor;

/**
 * Linear centered kernel alignment (Kornblith et al. 2019, arXiv 1905.00414, equation 3 with linear kernels): how alike two
 * networks' features of the same images are, from 0 to 1, whatever their numbers, rotations and scale.
 */
public final class LinearCka {
    private LinearCka() {}

    /**
     * @param x {@code images x features}, at least two images
     * @param y of the same images, perhaps with other features
     * @return not a number when either is the same for all images
     */
    public static double of(Tensor x, Tensor y) {
        int images = x.batch();
        if (y.batch() != images || images < 2) {
            throw new IllegalArgumentException("alignment of features of " + x.shape() + " and " + y.shape());
        }
        double[][] first = similarities(x);
        double[][] second = similarities(y);
        return product(first, second) / Math.sqrt(product(first, first) * product(second, second));
    }

    /** The products of all pairs of images, of features whose means are 0. */
    private static double[][] similarities(Tensor features) {
        int images = features.batch();
        int size = features.values().length / images;
        double[][] centered = new double[images][size];
        for (int f = 0; f < size; f++) {
            double sum = 0;
            for (int i = 0; i < images; i++) {
                sum += features.values()[i * size + f];
            }
            for (int i = 0; i < images; i++) {
                centered[i][f] = features.values()[i * size + f] - sum / images;
            }
        }
        double[][] products = new double[images][images];
        for (int i = 0; i < images; i++) {
            for (int j = 0; j <= i; j++) {
                for (int f = 0; f < size; f++) {
                    products[i][j] += centered[i][f] * centered[j][f];
                }
                products[j][i] = products[i][j];
            }
        }
        return products;
    }

    private static double product(double[][] a, double[][] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            for (int j = 0; j < a.length; j++) {
                sum += a[i][j] * b[i][j];
            }
        }
        return sum;
    }
}
