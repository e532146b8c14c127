package org.sftn.data;

import java.io.Serializable;

/**
 * An image that a source offers.
 *
 * @param number from 0 in the source's own order
 * @param label from 0
 * @param image what a shard will hold; null when the image cannot be used
 * @param sums of its pixels; null when it cannot be used
 * @param rejection why it cannot be used; null when it can
 */
record Candidate(int number, String name, int label, byte[] image, ChannelSums sums, String rejection)
        implements Serializable {
    /** @param planes the pixels that training will see of the image */
    static Candidate usable(int number, String name, int label, byte[] image, byte[] planes) {
        return new Candidate(number, name, label, image, ChannelSums.of(planes), null);
    }

    static Candidate rejected(int number, String name, String reason) {
        return new Candidate(number, name, 0, null, null, reason);
    }

    boolean isUsable() {
        return rejection == null;
    }
}
