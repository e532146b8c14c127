package org.sftn.zoo;

import org.sftn.conf.UserException;
import org.sftn.nn.Shape;

/** What the three-stage networks for small images have in common: stages 2 and 3 halve the image. */
final class CifarStages {
    static final int COUNT = 3;
    /** Leaves stage 3 a map of at least 2x2. */
    private static final int SMALLEST_IMAGE = 8;

    private CifarStages() {}

    static int stride(int stage, int block) {
        return stage > 1 && block == 0 ? 2 : 1;
    }

    static void requireFit(String name, Shape image) {
        if (Math.min(image.height(), image.width()) < SMALLEST_IMAGE) {
            throw new UserException(name + " halves the image twice and needs at least " + SMALLEST_IMAGE + "x"
                    + SMALLEST_IMAGE + " pixels, not " + image.height() + "x" + image.width());
        }
    }
}
