package org.sftn.zoo;

import java.util.List;
import org.sftn.nn.Convolution;
import org.sftn.nn.Network;

/**
 * The residual networks for ImageNet (He et al. 2016, table 1) as torchvision builds them (github.com/pytorch/vision,
 * torchvision/models/resnet.py, version 1.5): a stem that quarters the image and four stages, of images of at least 32x32. The
 * stem's max pool is {@code maxpool}, as torchvision's; {@code pool} is the head's.
 */
final class ImageNetResNet {
    /** Leaves stage 4 a map of at least 1x1. */
    private static final int SMALLEST_IMAGE = 32;

    private static final int STEM_WIDTH = 64;

    private ImageNetResNet() {}

    static Zoo.Factory basic(int blocks1, int blocks2, int blocks3, int blocks4) {
        return of(Residual::basicBlock, List.of(blocks1, blocks2, blocks3, blocks4));
    }

    static Zoo.Factory bottleneck(int blocks1, int blocks2, int blocks3, int blocks4) {
        return of(Residual::bottleneckBlock, List.of(blocks1, blocks2, blocks3, blocks4));
    }

    private static Zoo.Factory of(Residual.Block block, List<Integer> blocks) {
        return (name, image, classes) -> {
            Parts.requireFit(name, image, "five times", SMALLEST_IMAGE);
            Network stem = Parts.pooledStem(image, Convolution.same(image.channels(), STEM_WIDTH, 7, 2));
            return Residual.architecture(
                    name,
                    image,
                    classes,
                    stem,
                    block,
                    List.of(64, 128, 256, 512),
                    blocks,
                    Residual.reference("downsample"));
        };
    }
}
