package org.sftn.zoo;

import static org.sftn.zoo.Architecture.FEATURES;

import java.util.List;
import org.sftn.nn.Add;
import org.sftn.nn.BatchNorm;
import org.sftn.nn.Convolution;
import org.sftn.nn.Network;
import org.sftn.nn.Relu;
import org.sftn.nn.Shape;
import org.sftn.nn.Taps;

/** What residual networks have in common; every stage but the first halves the image. */
final class Residual {
    private Residual() {}

    /** A kind of block. */
    interface Block {
        /** Adds a block and returns its output; its sum, before the last ReLU, is {@code NAME.add}. */
        String add(Network.Builder b, String name, String input, int width, int stride);
    }

    /** The stages' widths and numbers of blocks stand at the same places. */
    static Architecture architecture(
            String name,
            Shape image,
            int classes,
            Network stem,
            Block block,
            List<Integer> widths,
            List<Integer> blocks,
            Renaming reference) {
        return Parts.architecture(
                name,
                image,
                classes,
                stem,
                widths.size(),
                (stage, input) -> stage(stage, input, block, widths.get(stage - 1), blocks.get(stage - 1)),
                input -> Parts.head(input, classes),
                reference);
    }

    /** Both references' names of stages and blocks, with this one of the shortcut. */
    static Renaming reference(String shortcut) {
        return Renaming.NONE
                .with("stage(\\d+)\\.block(\\d+)\\.shortcut\\.conv", "layer$1.$2." + shortcut + ".0")
                .with("stage(\\d+)\\.block(\\d+)\\.shortcut\\.bn", "layer$1.$2." + shortcut + ".1")
                .with("stage(\\d+)\\.block(\\d+)\\.(.+)", "layer$1.$2.$3");
    }

    private static Network stage(int stage, Shape input, Block kind, int width, int blocks) {
        Network.Builder b = Network.builder();
        String x = b.input(FEATURES, input);
        for (int block = 0; block < blocks; block++) {
            x = kind.add(b, "stage" + stage + ".block" + block, x, width, stride(stage, block));
        }
        return b.tap(Taps.stagePreActivation(stage), "stage" + stage + ".block" + (blocks - 1) + ".add")
                .tap(Taps.stage(stage), x)
                .build();
    }

    static int stride(int stage, int block) {
        return stage > 1 && block == 0 ? 2 : 1;
    }

    /** Two 3x3 convolutions (He et al. 2016, figure 5, left). */
    static String basicBlock(Network.Builder b, String name, String input, int width, int stride) {
        String prefix = name + ".";
        String x = Parts.activated(b, prefix, 1, convolution(b, input, width, 3, stride), input);
        x = last(b, prefix, 2, convolution(b, x, width, 3, 1), x);
        return b.add(name + ".relu2", new Relu(), sum(b, name, input, x, stride));
    }

    /**
     * A 1x1, a 3x3 and a 1x1 convolution that widens fourfold (He et al. 2016, figure 5, right); the 3x3 has the stride, as in
     * torchvision's version 1.5.
     */
    static String bottleneckBlock(Network.Builder b, String name, String input, int width, int stride) {
        String prefix = name + ".";
        String x = Parts.activated(b, prefix, 1, convolution(b, input, width, 1, 1), input);
        x = Parts.activated(b, prefix, 2, convolution(b, x, width, 3, stride), x);
        x = last(b, prefix, 3, convolution(b, x, 4 * width, 1, 1), x);
        return b.add(name + ".relu3", new Relu(), sum(b, name, input, x, stride));
    }

    private static String last(Network.Builder b, String prefix, int number, Convolution convolution, String input) {
        BatchNorm norm = new BatchNorm(convolution.out()).endingResidual();
        return Parts.normed(b, prefix, number, convolution, norm, input);
    }

    private static Convolution convolution(Network.Builder b, String input, int width, int kernel, int stride) {
        return Convolution.same(b.shape(input).channels(), width, kernel, stride);
    }

    /** The shortcut is a 1x1 convolution with batch-norm wherever resolution or width changes. */
    private static String sum(Network.Builder b, String block, String input, String x, int stride) {
        int in = b.shape(input).channels();
        int out = b.shape(x).channels();
        String shortcut = input;
        if (stride != 1 || in != out) {
            shortcut = b.add(block + ".shortcut.conv", Convolution.same(in, out, 1, stride), input);
            shortcut = b.add(block + ".shortcut.bn", new BatchNorm(out), shortcut);
        }
        return b.add(block + ".add", new Add(), x, shortcut);
    }
}
