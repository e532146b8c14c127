package org.sftn.data.source;

import org.sftn.data.image.ChannelSums;

/**
 * An image that a source offers.
 *
 * @param label from 0
 * @param image what a shard will hold; null when the image cannot be used
 * @param sums of its pixels; null when it cannot be used
 * @param rejection why it cannot be used; null when it can
 */
public record Candidate(String name, int label, byte[] image, ChannelSums sums, String rejection) {
    /** @param planes the pixels that evaluation will see of the image */
    static Candidate usable(String name, int label, byte[] image, byte[] planes) {
        return new Candidate(name, label, image, ChannelSums.of(planes), null);
    }

    static Candidate rejected(String name, String reason) {
        return new Candidate(name, 0, null, null, reason);
    }

    public boolean isUsable() {
        return rejection == null;
    }
}
