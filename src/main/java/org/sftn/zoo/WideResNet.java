package org.sftn.zoo;

import static org.sftn.zoo.Architecture.FEATURES;

import org.sftn.nn.Add;
import org.sftn.nn.BatchNorm;
import org.sftn.nn.Convolution;
import org.sftn.nn.Network;
import org.sftn.nn.Relu;
import org.sftn.nn.Shape;
import org.sftn.nn.Taps;

/**
 * Wide residual networks for CIFAR (Zagoruyko and Komodakis 2016) as RepDistiller builds them (github.com/HobbitLong/RepDistiller,
 * models/wrn.py): three stages of (depth - 4) / 6 pre-activation blocks. A stage's output is the raw sum; the batch-norm that
 * follows it belongs to the next stage, or to the head, which therefore has the tap {@link Taps#stagePreActivation} of the stage
 * before.
 */
final class WideResNet {
    private static final int STEM_WIDTH = 16;
    private static final Renaming REFERENCE = Renaming.NONE
            .with("stage(\\d)\\.block(\\d+)\\.shortcut\\.conv", "block$1.layer.$2.convShortcut")
            .with("stage(\\d)\\.block(\\d+)\\.(.+)", "block$1.layer.$2.$3");

    private WideResNet() {}

    /** @param depth layers with weights: 10, 16, 22, ... */
    static Zoo.Factory of(int depth, int factor) {
        return (name, image, classes) -> {
            CifarStages.requireFit(name, image);
            return Parts.architecture(
                    name,
                    image,
                    classes,
                    stem(image),
                    CifarStages.COUNT,
                    (stage, input) -> stage(stage, input, (STEM_WIDTH << (stage - 1)) * factor, (depth - 4) / 6),
                    input -> head(input, classes),
                    REFERENCE);
        };
    }

    private static Network stem(Shape image) {
        Network.Builder b = Network.builder();
        String x = b.input(Taps.IMAGE, image);
        x = b.add("conv1", Convolution.same(image.channels(), STEM_WIDTH, 3, 1), x);
        return b.tap(Taps.STEM, x).build();
    }

    private static Network stage(int stage, Shape input, int width, int blocks) {
        Network.Builder b = Network.builder();
        String x = b.input(FEATURES, input);
        for (int block = 0; block < blocks; block++) {
            String name = "stage" + stage + ".block" + block;
            x = block(b, name, x, width, Residual.stride(stage, block));
            if (block == 0 && stage > 1) {
                b.tap(Taps.stagePreActivation(stage - 1), name + ".bn1");
            }
        }
        return b.tap(Taps.stage(stage), x).build();
    }

    private static String block(Network.Builder b, String name, String input, int width, int stride) {
        int in = b.shape(input).channels();
        String activated = b.add(name + ".bn1", new BatchNorm(in), input);
        activated = b.add(name + ".relu1", new Relu(), activated);
        String x = b.add(name + ".conv1", Convolution.same(in, width, 3, stride), activated);
        x = b.add(name + ".bn2", new BatchNorm(width), x);
        x = b.add(name + ".relu2", new Relu(), x);
        x = b.add(name + ".conv2", Convolution.same(width, width, 3, 1), x);
        // As in RepDistiller, the width alone decides: every stage that halves the image also widens.
        String shortcut =
                in == width ? input : b.add(name + ".shortcut.conv", Convolution.same(in, width, 1, stride), activated);
        return b.add(name + ".add", new Add(), x, shortcut);
    }

    private static Network head(Shape input, int classes) {
        Network.Builder b = Network.builder();
        String x = b.input(FEATURES, input);
        String normed = b.add("bn1", new BatchNorm(input.channels()), x);
        x = b.add("relu1", new Relu(), normed);
        return Parts.classify(b.tap(Taps.stagePreActivation(CifarStages.COUNT), normed), x, classes);
    }
}
