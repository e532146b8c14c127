package org.sftn.zoo;

import java.util.List;
import org.sftn.nn.Shape;

/** The zoo's networks; those that are too large to be computed in a test are narrower, and are otherwise the same. */
public final class NarrowNetworks {
    private NarrowNetworks() {}

    /** As {@link Zoo#create}; {@code vgg16_bn} has an eighth of its channels and 64 features in place of 4096. */
    public static Architecture create(String name, Shape image, int classes) {
        return name.equals("vgg16_bn")
                ? ImageNetVgg.vgg16(name, image, classes, List.of(8, 16, 32, 64, 64), 64)
                : Zoo.create(name, image, classes);
    }
}
