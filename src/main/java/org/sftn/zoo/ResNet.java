package org.sftn.zoo;

import java.util.Collections;
import java.util.List;
import org.sftn.nn.BatchNorm;
import org.sftn.nn.Convolution;
import org.sftn.nn.Network;
import org.sftn.nn.Relu;
import org.sftn.nn.Shape;
import org.sftn.nn.Taps;

/**
 * The residual networks for CIFAR (He et al. 2016, section 4.2) as RepDistiller builds them
 * (github.com/HobbitLong/RepDistiller, models/resnet.py): three stages of (depth - 2) / 6 basic blocks, a 1x1 convolution with
 * batch-norm as the shortcut wherever resolution or width changes.
 */
final class ResNet {
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
                    Collections.nCopies(CifarStages.COUNT, (depth - 2) / 6));
        };
    }

    private static Network stem(Shape image, int width) {
        Network.Builder b = Network.builder();
        String x = b.input(Taps.IMAGE, image);
        x = b.add("conv1", Convolution.same(image.channels(), width, 3, 1), x);
        x = b.add("bn1", new BatchNorm(width), x);
        x = b.add("relu1", new Relu(), x);
        return b.tap(Taps.STEM, x).build();
    }
}
