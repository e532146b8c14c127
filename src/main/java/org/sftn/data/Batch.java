package org.sftn.data;

import java.util.Collections;
import java.util.List;
import org.sftn.nn.Tensor;

/**
 * Images ready for the network.
 *
 * @param images normalized, {@code batch x channels x height x width}, in the layout that was asked for
 * @param labels class of each image, from 0
 * @param indices each image's index in its split
 * @param names where each image comes from
 */
public record Batch(Tensor images, int[] labels, long[] indices, List<String> names) {
    /** Images without names. */
    public Batch(Tensor images, int[] labels, long[] indices) {
        this(images, labels, indices, Collections.nCopies(labels.length, ""));
    }

    public int size() {
        return labels.length;
    }
}
