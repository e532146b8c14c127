package org.sftn.zoo;

import static org.sftn.zoo.Architecture.FEATURES;

import java.util.List;
import java.util.regex.MatchResult;
import org.sftn.nn.ChannelShuffle;
import org.sftn.nn.ChannelSlice;
import org.sftn.nn.Concat;
import org.sftn.nn.Convolution;
import org.sftn.nn.Network;
import org.sftn.nn.Relu;
import org.sftn.nn.Shape;
import org.sftn.nn.Taps;

/**
 * ShuffleNetV2 1x (Ma et al. 2018, arXiv 1807.11164, table 5): {@link #imageNet} as torchvision builds it (github.com/pytorch/vision,
 * torchvision/models/shufflenetv2.py); {@link #small} for images of 32x32, as RepDistiller does (github.com/HobbitLong/RepDistiller,
 * models/ShuffleNetv2.py), with a 1x1 convolution without pooling as its stem. Every stage halves the image in its first block. {@link Taps#stagePreActivation} is the last block's value before its last ReLU and before its shuffle: the
 * channels that pass the block by, which are behind an earlier block's ReLU, and those of its last batch-norm.
 */
final class ShuffleNetV2 {
    private static final int STEM_WIDTH = 24;
    private static final int HEAD_WIDTH = 1024;
    private static final List<Integer> WIDTHS = List.of(116, 232, 464);
    private static final List<Integer> BLOCKS = List.of(4, 8, 4);

    private static final Renaming NAMES_OF_REP_DISTILLER = Renaming.NONE
            .with("stage(\\d)\\.block(\\d)\\.(.+)", "layer$1.$2.$3")
            .with("fc", "linear");

    private static final Renaming NAMES_OF_TORCHVISION = Renaming.NONE
            .with("conv1", "conv1.0")
            .with("bn1", "conv1.1")
            .with("conv2", "conv5.0")
            .with("bn2", "conv5.1")
            .with(
                    "stage(\\d)\\.block0\\.(conv|bn)([12])",
                    match -> block(match, "0") + ".branch1."
                            + (2 * (Renaming.number(match, 3) - 1) + Renaming.offset(match.group(2))))
            .with(
                    "stage(\\d)\\.block0\\.(conv|bn)([345])",
                    match -> block(match, "0") + branch2(match.group(2), Renaming.number(match, 3) - 2))
            .with(
                    "stage(\\d)\\.block(\\d)\\.(conv|bn)(\\d)",
                    match -> block(match, match.group(2)) + branch2(match.group(3), Renaming.number(match, 4)));

    private ShuffleNetV2() {}

    static Architecture imageNet(String name, Shape image, int classes) {
        Parts.requireFit(name, image, "five times", 32);
        Convolution convolution = Convolution.same(image.channels(), STEM_WIDTH, 3, 2);
        return create(name, image, classes, Parts.pooledStem(image, convolution), NAMES_OF_TORCHVISION);
    }

    static Architecture small(String name, Shape image, int classes) {
        Parts.requireFit(name, image, "three times", 8);
        Convolution convolution = Convolution.same(image.channels(), STEM_WIDTH, 1, 1);
        return create(name, image, classes, Parts.stem(image, convolution), NAMES_OF_REP_DISTILLER);
    }

    /** torchvision's stages are counted from the stem. */
    private static String block(MatchResult match, String block) {
        return "stage" + (Renaming.number(match, 1) + 1) + "." + block;
    }

    /** 1x1, 3x3 without ReLU, 1x1. */
    private static String branch2(String kind, int number) {
        return ".branch2." + (List.of(0, 3, 5).get(number - 1) + Renaming.offset(kind));
    }

    private static Architecture create(String name, Shape image, int classes, Network stem, Renaming reference) {
        return Parts.architecture(
                name,
                image,
                classes,
                stem,
                WIDTHS.size(),
                ShuffleNetV2::stage,
                input -> Parts.head(input, HEAD_WIDTH, new Relu(), classes),
                reference);
    }

    private static Network stage(int stage, Shape input) {
        Network.Builder b = Network.builder();
        String name = Taps.stage(stage) + ".block";
        String x = halving(b, name + "0.", b.input(FEATURES, input), WIDTHS.get(stage - 1));
        int last = BLOCKS.get(stage - 1) - 1;
        for (int block = 1; block <= last; block++) {
            x = block(b, name + block + ".", x);
        }
        String prefix = name + last + ".";
        String before = b.add(prefix + "before_relu", new Concat(), prefix + "passed", prefix + "bn3");
        return b.tap(Taps.stagePreActivation(stage), before)
                .tap(Taps.stage(stage), x)
                .build();
    }

    /** Figure 3c: half of the channels pass by. */
    private static String block(Network.Builder b, String prefix, String input) {
        int half = b.shape(input).channels() / 2;
        String passed = b.add(prefix + "passed", new ChannelSlice(0, half), input);
        String x = b.add(prefix + "taken", new ChannelSlice(half, half), input);
        x = Parts.activated(b, prefix, 1, Convolution.same(half, half, 1, 1), x);
        x = Parts.normed(b, prefix, 2, Parts.depthwise(half, 1), x);
        x = Parts.normed(b, prefix, 3, Convolution.same(half, half, 1, 1), x);
        return shuffled(b, prefix, passed, b.add(prefix + "relu3", new Relu(), x));
    }

    /** Figure 3d: both paths take all channels; the left one is convolutions 1 and 2. */
    private static String halving(Network.Builder b, String prefix, String input, int width) {
        int in = b.shape(input).channels();
        int half = width / 2;
        String left = Parts.normed(b, prefix, 1, Parts.depthwise(in, 2), input);
        left = Parts.activated(b, prefix, 2, Convolution.same(in, half, 1, 1), left);
        String right = Parts.activated(b, prefix, 3, Convolution.same(in, half, 1, 1), input);
        right = Parts.normed(b, prefix, 4, Parts.depthwise(half, 2), right);
        right = Parts.activated(b, prefix, 5, Convolution.same(half, half, 1, 1), right);
        return shuffled(b, prefix, left, right);
    }

    private static String shuffled(Network.Builder b, String prefix, String left, String right) {
        String x = b.add(prefix + "concat", new Concat(), left, right);
        return b.add(prefix + "shuffle", new ChannelShuffle(2), x);
    }
}
