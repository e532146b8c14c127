package org.sftn.zoo;

import static org.sftn.zoo.Architecture.FEATURES;

import java.util.List;
import org.sftn.nn.Add;
import org.sftn.nn.AveragePool;
import org.sftn.nn.ChannelShuffle;
import org.sftn.nn.Concat;
import org.sftn.nn.Convolution;
import org.sftn.nn.Network;
import org.sftn.nn.Relu;
import org.sftn.nn.Shape;
import org.sftn.nn.Taps;

/**
 * ShuffleNet with 3 groups (Zhang et al. 2018, arXiv 1707.01083, table 1) for images of 32x32, as RepDistiller builds it
 * (github.com/HobbitLong/RepDistiller, models/ShuffleNetv1.py): the stem is a 1x1 convolution without pooling, and a ReLU follows the
 * depthwise convolution. Every stage halves the image.
 */
final class ShuffleNetV1 {
    private static final int STEM_WIDTH = 24;
    private static final int GROUPS = 3;
    private static final List<Integer> WIDTHS = List.of(240, 480, 960);
    private static final List<Integer> BLOCKS = List.of(4, 8, 4);
    /** Leaves stage 3 a map of at least 1x1. */
    private static final int SMALLEST_IMAGE = 8;

    private static final Renaming REFERENCE = Renaming.NONE
            .with("stage(\\d)\\.block(\\d)\\.(.+)", "layer$1.$2.$3")
            .with("fc", "linear");

    private ShuffleNetV1() {}

    static Architecture create(String name, Shape image, int classes) {
        Parts.requireFit(name, image, "three times", SMALLEST_IMAGE);
        return Parts.architecture(
                name,
                image,
                classes,
                Parts.stem(image, Convolution.same(image.channels(), STEM_WIDTH, 1, 1)),
                WIDTHS.size(),
                ShuffleNetV1::stage,
                input -> Parts.head(input, classes),
                REFERENCE);
    }

    private static Network stage(int stage, Shape input) {
        Network.Builder b = Network.builder();
        String x = b.input(FEATURES, input);
        String joined = x;
        for (int block = 0; block < BLOCKS.get(stage - 1); block++) {
            String prefix = Taps.stage(stage) + ".block" + block + ".";
            joined = block == 0
                    ? halving(b, prefix, x, WIDTHS.get(stage - 1))
                    : b.add(prefix + "add", new Add(), path(b, prefix, x, WIDTHS.get(stage - 1), 1), x);
            x = b.add(prefix + "relu3", new Relu(), joined);
        }
        return b.tap(Taps.stagePreActivation(stage), joined)
                .tap(Taps.stage(stage), x)
                .build();
    }

    /** Figure 2c: the pooled input stays beside the path's channels. */
    private static String halving(Network.Builder b, String prefix, String input, int width) {
        String x = path(b, prefix, input, width - b.shape(input).channels(), 2);
        String shortcut = b.add(prefix + "shortcut", new AveragePool(3, 2, 1), input);
        return b.add(prefix + "concat", new Concat(), x, shortcut);
    }

    private static String path(Network.Builder b, String prefix, String input, int width, int stride) {
        int in = b.shape(input).channels();
        int middle = width / 4;
        // The first block's input has too few channels to be grouped (section 3.2).
        int groups = in == STEM_WIDTH ? 1 : GROUPS;
        String x = Parts.activated(b, prefix, 1, new Convolution(in, middle, 1, 1, 0, groups), input);
        if (groups > 1) {
            x = b.add(prefix + "shuffle", new ChannelShuffle(groups), x);
        }
        x = Parts.activated(b, prefix, 2, Parts.depthwise(middle, stride), x);
        return Parts.normed(b, prefix, 3, new Convolution(middle, width, 1, 1, 0, GROUPS), x);
    }
}
