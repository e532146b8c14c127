package org.sftn.data.source;

import org.sftn.data.image.ChannelSums;

/** An image that a source offers. */
public sealed interface Candidate {
    String name();

    /**
     * An image that can be used.
     *
     * @param label from 0
     * @param image what a shard will hold
     * @param sums of its pixels
     */
    record Usable(String name, int label, byte[] image, ChannelSums sums) implements Candidate {}

    /** An image that cannot be used. */
    record Rejected(String name, String reason) implements Candidate {}

    /** @param planes the pixels that evaluation will see of the image */
    static Candidate usable(String name, int label, byte[] image, byte[] planes) {
        return new Usable(name, label, image, ChannelSums.of(planes));
    }

    static Candidate rejected(String name, String reason) {
        return new Rejected(name, reason);
    }
}
