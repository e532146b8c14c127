package org.sftn.data;

import org.sftn.nn.Tensor;

/**
 * Images ready for the network.
 *
 * @param images normalised, {@code batch x channels x height x width}, in the layout that was asked for
 * @param labels class of each image, from 0
 * @param indices each image's index in its split
 */
public record Batch(Tensor images, int[] labels, long[] indices) {
    public int size() {
        return labels.length;
    }
}
