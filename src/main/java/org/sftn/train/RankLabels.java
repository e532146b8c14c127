package org.sftn.train;

import java.util.function.Supplier;

/**
 * One executor's part of the training images.
 *
 * @param indices of its images in the split, ascending
 * @param labels reads the labels of the same images; 0 for damaged ones
 * @param batch the most images that are computed at once
 * @param seed of the run
 */
public record RankLabels(long[] indices, Supplier<int[]> labels, int batch, long seed) {}
