package org.sftn.distill.method;

/**
 * What the images of a batch are compared with: rows of a memory by number.
 *
 * @param positives one row for each image
 * @param pool rows that the negatives of all images are among; only the first {@code size}
 * @param counts for each image, how often each row of the pool is one of its negatives; images may share an array
 * @param each negatives of one image: the sum of its counts
 */
public record Negatives(int[] positives, int[] pool, int size, float[][] counts, int each) {}
