package org.sftn.train;

/**
 * One executor's part of the training images.
 *
 * @param indices of its images in the split, ascending
 * @param labels of the same images
 * @param batch the largest local batch
 * @param seed of the run
 */
public record Shard(long[] indices, int[] labels, int batch, long seed) {}
