package org.sftn.zoo;

import static org.sftn.zoo.Architecture.FEATURES;

import java.util.List;
import java.util.regex.MatchResult;
import org.sftn.nn.Add;
import org.sftn.nn.Convolution;
import org.sftn.nn.Layer;
import org.sftn.nn.Network;
import org.sftn.nn.Relu;
import org.sftn.nn.Relu6;
import org.sftn.nn.Shape;
import org.sftn.nn.Taps;

/**
 * MobileNetV2 (Sandler et al. 2018, arXiv 1801.04381, table 2). Blocks end with batch-norm and without ReLU, so that {@link
 * Taps#stagePreActivation} is the stage's output, as in RepDistiller.
 *
 * <p>{@link #imageNet}: as torchvision builds it (github.com/pytorch/vision, torchvision/models/mobilenetv2.py), except for the dropout
 * before its linear layer. Stages end before each stride, so that they have the resolutions of the ResNets' stages.
 *
 * <p>{@link #small}: at half its width for images of 32x32, as RepDistiller builds it (github.com/HobbitLong/RepDistiller,
 * models/mobilenetv2.py): ReLU in place of ReLU6, a first 1x1 convolution even in the block that does not widen, and stride 2 in the
 * stem, stage 2, 3 and 4 only.
 */
final class MobileNetV2 {
    private static final int HEAD_WIDTH = 1280;

    /** The first of them has the stride. */
    private record Blocks(int expansion, int width, int count, int stride) {}

    private MobileNetV2() {}

    static Architecture imageNet(String name, Shape image, int classes) {
        List<List<Blocks>> stages = List.of(
                List.of(new Blocks(1, 16, 1, 1), new Blocks(6, 24, 2, 2)),
                List.of(new Blocks(6, 32, 3, 2)),
                List.of(new Blocks(6, 64, 4, 2), new Blocks(6, 96, 3, 1)),
                List.of(new Blocks(6, 160, 3, 2), new Blocks(6, 320, 1, 1)));
        Parts.requireFit(name, image, "five times", 32);
        return create(name, image, classes, 32, new Builder(new Relu6(), false), stages, torchvision(stages));
    }

    static Architecture small(String name, Shape image, int classes) {
        List<List<Blocks>> stages = List.of(
                List.of(new Blocks(1, 8, 1, 1), new Blocks(6, 12, 2, 1)),
                List.of(new Blocks(6, 16, 3, 2)),
                List.of(new Blocks(6, 32, 4, 2), new Blocks(6, 48, 3, 1)),
                List.of(new Blocks(6, 80, 3, 2), new Blocks(6, 160, 1, 1)));
        Parts.requireFit(name, image, "four times", 16);
        return create(name, image, classes, 16, new Builder(new Relu(), true), stages, repDistiller(stages));
    }

    /** Counts stem, blocks and the head's convolution; a first block that does not widen has a convolution less. */
    private static Renaming torchvision(List<List<Blocks>> stages) {
        int last = 1 + blocks(stages);
        return Renaming.NONE
                .with("conv1", "features.0.0")
                .with("bn1", "features.0.1")
                .with("conv2", "features." + last + ".0")
                .with("bn2", "features." + last + ".1")
                .with("fc", "classifier.1")
                .with("stage1\\.block0\\.conv1", "features.1.conv.0.0")
                .with("stage1\\.block0\\.bn1", "features.1.conv.0.1")
                .with("stage1\\.block0\\.conv2", "features.1.conv.1")
                .with("stage1\\.block0\\.bn2", "features.1.conv.2")
                .with("stage(\\d)\\.block(\\d)\\.(conv|bn)(\\d)", match -> {
                    int before = blocks(stages.subList(0, Renaming.number(match, 1) - 1));
                    int number = Renaming.number(match, 4);
                    int offset = Renaming.offset(match.group(3));
                    // The last convolution has no activation, and lies with its batch-norm in the block itself.
                    String place = number < 3 ? (number - 1) + "." + offset : String.valueOf(number - 1 + offset);
                    return "features." + (1 + before + Renaming.number(match, 2)) + ".conv." + place;
                });
    }

    private static int blocks(List<List<Blocks>> stages) {
        return stages.stream().flatMap(List::stream).mapToInt(Blocks::count).sum();
    }

    /** Blocks of one width are a module. */
    private static Renaming repDistiller(List<List<Blocks>> stages) {
        return Renaming.NONE
                .with("(conv|bn)(\\d)", match -> "conv" + match.group(2) + "." + Renaming.offset(match.group(1)))
                .with("fc", "classifier.0")
                .with(
                        "stage(\\d)\\.block(\\d)\\.(conv|bn)(\\d)",
                        match -> group(stages, match) + ".conv."
                                + Renaming.place(match.group(3), Renaming.number(match, 4)));
    }

    private static String group(List<List<Blocks>> stages, MatchResult match) {
        int stage = Renaming.number(match, 1);
        int group = stages.subList(0, stage - 1).stream().mapToInt(List::size).sum();
        int block = Renaming.number(match, 2);
        for (Blocks blocks : stages.get(stage - 1)) {
            if (block < blocks.count()) {
                break;
            }
            block -= blocks.count();
            group++;
        }
        return "blocks." + group + "." + block;
    }

    private static Architecture create(
            String name,
            Shape image,
            int classes,
            int stemWidth,
            Builder builder,
            List<List<Blocks>> stages,
            Renaming reference) {
        return Parts.architecture(
                name,
                image,
                classes,
                Parts.stem(image, Convolution.same(image.channels(), stemWidth, 3, 2), builder.activation()),
                stages.size(),
                (stage, input) -> builder.stage(stage, input, stages.get(stage - 1)),
                input -> Parts.head(input, HEAD_WIDTH, builder.activation(), classes),
                reference);
    }

    /** @param alwaysExpands whether blocks that do not widen have the 1x1 convolution for it all the same */
    private record Builder(Layer activation, boolean alwaysExpands) {
        Network stage(int stage, Shape input, List<Blocks> groups) {
            Network.Builder b = Network.builder();
            String x = b.input(FEATURES, input);
            int number = 0;
            for (Blocks blocks : groups) {
                for (int i = 0; i < blocks.count(); i++) {
                    String prefix = Taps.stage(stage) + ".block" + number++ + ".";
                    x = block(b, prefix, x, blocks.expansion(), blocks.width(), i == 0 ? blocks.stride() : 1);
                }
            }
            return b.tap(Taps.stagePreActivation(stage), x)
                    .tap(Taps.stage(stage), x)
                    .build();
        }

        /** The inverted residual (figure 4d): the sum is there where neither resolution nor width changes. */
        private String block(Network.Builder b, String prefix, String input, int expansion, int width, int stride) {
            int in = b.shape(input).channels();
            int wide = in * expansion;
            String x = input;
            int number = 1;
            if (expansion > 1 || alwaysExpands) {
                x = Parts.activated(b, prefix, number++, Convolution.same(in, wide, 1, 1), activation, x);
            }
            x = Parts.activated(b, prefix, number++, Parts.depthwise(wide, stride), activation, x);
            x = Parts.normed(b, prefix, number, Convolution.same(wide, width, 1, 1), x);
            return stride == 1 && in == width ? b.add(prefix + "add", new Add(), input, x) : x;
        }
    }
}
