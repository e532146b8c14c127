package org.sftn.data;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * One image as a shard holds it.
 *
 * @param index its place in its split, from 0, in random order
 * @param label its class, from 0; 0 when it is damaged
 * @param name where it comes from, for people; empty when it is damaged
 * @param image raw R, G, B planes ({@code 3 x size x size}, a byte a value) or the bytes of an image file, as the manifest says;
 *     shared, not copied; null when it is damaged
 */
public record Sample(long index, int label, String name, byte @Nullable [] image) implements RankData {
    /** Takes the place of an image that cannot be read. */
    static Sample damaged(long index) {
        return new Sample(index, 0, "", null);
    }

    boolean isDamaged() {
        return image == null;
    }

    /** The image of one that is not damaged. */
    byte[] bytes() {
        return Objects.requireNonNull(image, "the image is damaged");
    }
}
