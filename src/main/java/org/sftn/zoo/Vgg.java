package org.sftn.zoo;

import static org.sftn.zoo.Architecture.FEATURES;

import java.util.List;
import org.sftn.nn.Convolution;
import org.sftn.nn.MaxPool;
import org.sftn.nn.Network;
import org.sftn.nn.Shape;
import org.sftn.nn.Taps;

/**
 * VGG with batch-norm for CIFAR (Simonyan and Zisserman 2015, arXiv 1409.1556, table 1) as RepDistiller builds it
 * (github.com/HobbitLong/RepDistiller, models/vgg.py): the stem and four stages are 3x3 convolutions with biases, one linear layer
 * classifies. Max pooling opens the first three stages; the last one's only where the image is at least 64x64.
 */
final class Vgg {
    private static final List<Integer> WIDTHS = List.of(64, 128, 256, 512, 512);
    /** Leaves stage 3 a map of at least 1x1. */
    private static final int SMALLEST_IMAGE = 8;

    private static final int POOLED_ONCE_MORE = 64;

    private static final Renaming REFERENCE = Renaming.NONE
            .with("(conv|bn)(\\d)", match -> "block0." + Renaming.place(match.group(1), Renaming.number(match, 2)))
            .with(
                    "stage(\\d)\\.(conv|bn)(\\d)",
                    match -> "block" + match.group(1) + "." + Renaming.place(match.group(2), Renaming.number(match, 3)))
            .with("fc", "classifier");

    private Vgg() {}

    /** The numbers of convolutions of the stem and of each stage. */
    static Zoo.Factory of(int stem, int stage1, int stage2, int stage3, int stage4) {
        List<Integer> convolutions = List.of(stem, stage1, stage2, stage3, stage4);
        return (name, image, classes) -> {
            Parts.requireFit(name, image, "three times", SMALLEST_IMAGE);
            boolean large = Math.min(image.height(), image.width()) >= POOLED_ONCE_MORE;
            return Parts.architecture(
                    name,
                    image,
                    classes,
                    stem(image, WIDTHS.get(0), stem),
                    WIDTHS.size() - 1,
                    (stage, input) ->
                            stage(stage, input, WIDTHS.get(stage), convolutions.get(stage), stage < 4 || large),
                    input -> Parts.head(input, classes),
                    REFERENCE);
        };
    }

    static Network stem(Shape image, int width, int convolutions) {
        Network.Builder b = Network.builder();
        String x = convolutions(b, "", b.input(Taps.IMAGE, image), width, convolutions);
        return b.tap(Taps.STEM, x).build();
    }

    static Network stage(int stage, Shape input, int width, int convolutions, boolean pooled) {
        Network.Builder b = Network.builder();
        String prefix = Taps.stage(stage) + ".";
        String x = b.input(FEATURES, input);
        if (pooled) {
            x = b.add(prefix + "maxpool", new MaxPool(2, 2, 0), x);
        }
        x = convolutions(b, prefix, x, width, convolutions);
        return b.tap(Taps.stagePreActivation(stage), prefix + "bn" + convolutions)
                .tap(Taps.stage(stage), x)
                .build();
    }

    private static String convolutions(Network.Builder b, String prefix, String input, int width, int count) {
        String x = input;
        for (int number = 1; number <= count; number++) {
            int in = b.shape(x).channels();
            x = Parts.activated(
                    b, prefix, number, Convolution.same(in, width, 3, 1).withBias(), x);
        }
        return x;
    }
}
