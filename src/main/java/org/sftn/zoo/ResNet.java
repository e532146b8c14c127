package org.sftn.zoo;

import java.util.Collections;
import java.util.List;
import org.sftn.nn.Convolution;
import org.sftn.nn.Network;
import org.sftn.nn.Shape;

/**
 * The residual networks for CIFAR (He et al. 2016, section 4.2) as RepDistiller builds them
 * (github.com/HobbitLong/RepDistiller, models/resnet.py): three stages of (depth - 2) / 6 basic blocks, a 1x1 convolution with
 * batch-norm as the shortcut wherever resolution or width changes.
 */
final class ResNet {
    /** Leaves stage 4 a map of at least 1x1. */
    private static final int SMALLEST_OF_FOUR_STAGES = 8;

    private ResNet() {}

    /** @param depth layers with weights: 8, 14, 20, ... */
    static Zoo.Factory of(int depth, int stemWidth, int width1, int width2, int width3) {
        return (name, image, classes) -> {
            CifarStages.requireFit(name, image);
            return Residual.architecture(
                    name,
                    image,
                    classes,
                    stem(image, stemWidth),
                    Residual::basicBlock,
                    List.of(width1, width2, width3),
                    Collections.nCopies(CifarStages.COUNT, (depth - 2) / 6),
                    Residual.reference("downsample"));
        };
    }

    /**
     * ImageNet's bottleneck networks (He et al. 2016, table 1) with a stem that keeps the resolution, as RepDistiller's
     * models/resnetv2.py.
     */
    static Zoo.Factory bottleneck(int blocks1, int blocks2, int blocks3, int blocks4) {
        return (name, image, classes) -> {
            Parts.requireFit(name, image, "three times", SMALLEST_OF_FOUR_STAGES);
            return Residual.architecture(
                    name,
                    image,
                    classes,
                    stem(image, 64),
                    Residual::bottleneckBlock,
                    List.of(64, 128, 256, 512),
                    List.of(blocks1, blocks2, blocks3, blocks4),
                    Residual.reference("shortcut").with("fc", "linear"));
        };
    }

    private static Network stem(Shape image, int width) {
        return Parts.stem(image, Convolution.same(image.channels(), width, 3, 1));
    }
}
