package org.sftn.zoo;

import org.sftn.conf.UserException;
import org.sftn.nn.Shape;

/** What the three-stage networks for small images have in common. */
final class CifarStages {
    static final int COUNT = 3;
    /** Leaves stage 3 a map of at least 2x2. */
    private static final int SMALLEST_IMAGE = 8;

    private CifarStages() {}

    /** @throws UserException when the image is too small */
    static void requireFit(String name, Shape image) {
        Parts.requireFit(name, image, "twice", SMALLEST_IMAGE);
    }
}
