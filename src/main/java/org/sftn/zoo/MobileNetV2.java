package org.sftn.zoo;

import static org.sftn.zoo.Architecture.FEATURES;

import java.util.List;
import org.sftn.nn.Add;
import org.sftn.nn.Convolution;
import org.sftn.nn.Network;
import org.sftn.nn.Shape;
import org.sftn.nn.Taps;

/**
 * MobileNetV2 (Sandler et al. 2018, arXiv 1801.04381, table 2) at half its width for images of 32x32, as RepDistiller builds it
 * (github.com/HobbitLong/RepDistiller, models/mobilenetv2.py): ReLU in place of ReLU6, a first 1x1 convolution even in the block that
 * does not widen, and stride 2 in the stem, stage 2, 3 and 4 only. Blocks end with batch-norm and without ReLU, so that {@link
 * Taps#stageBeforeRelu} is the stage's output, as in RepDistiller.
 */
final class MobileNetV2 {
    private static final int STEM_WIDTH = 16;
    private static final int HEAD_WIDTH = 1280;
    /** Leaves stage 4 a map of at least 1x1. */
    private static final int SMALLEST_IMAGE = 16;

    /** The first of them has the stride. */
    private record Blocks(int expansion, int width, int count, int stride) {}

    private static final List<List<Blocks>> STAGES = List.of(
            List.of(new Blocks(1, 8, 1, 1), new Blocks(6, 12, 2, 1)),
            List.of(new Blocks(6, 16, 3, 2)),
            List.of(new Blocks(6, 32, 4, 2), new Blocks(6, 48, 3, 1)),
            List.of(new Blocks(6, 80, 3, 2), new Blocks(6, 160, 1, 1)));

    private MobileNetV2() {}

    static Architecture create(String name, Shape image, int classes) {
        Parts.requireFit(name, image, "four times", SMALLEST_IMAGE);
        return Parts.architecture(
                name,
                image,
                classes,
                Parts.stem(image, Convolution.same(image.channels(), STEM_WIDTH, 3, 2)),
                STAGES.size(),
                MobileNetV2::stage,
                input -> Parts.head(input, HEAD_WIDTH, classes));
    }

    private static Network stage(int stage, Shape input) {
        Network.Builder b = Network.builder();
        String x = b.input(FEATURES, input);
        int number = 0;
        for (Blocks blocks : STAGES.get(stage - 1)) {
            for (int i = 0; i < blocks.count(); i++) {
                String prefix = Taps.stage(stage) + ".block" + number++ + ".";
                x = block(b, prefix, x, blocks.expansion(), blocks.width(), i == 0 ? blocks.stride() : 1);
            }
        }
        return b.tap(Taps.stageBeforeRelu(stage), x).tap(Taps.stage(stage), x).build();
    }

    /** The inverted residual (figure 4d): the sum is there where neither resolution nor width changes. */
    private static String block(Network.Builder b, String prefix, String input, int expansion, int width, int stride) {
        int in = b.shape(input).channels();
        int wide = in * expansion;
        String x = Parts.activated(b, prefix, 1, Convolution.same(in, wide, 1, 1), input);
        x = Parts.activated(b, prefix, 2, Parts.depthwise(wide, stride), x);
        x = Parts.normed(b, prefix, 3, Convolution.same(wide, width, 1, 1), x);
        return stride == 1 && in == width ? b.add(prefix + "add", new Add(), input, x) : x;
    }
}
