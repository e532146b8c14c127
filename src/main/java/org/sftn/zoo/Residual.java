package org.sftn.zoo;

import static org.sftn.zoo.Architecture.FEATURES;

import java.util.ArrayList;
import java.util.List;
import org.sftn.conf.UserException;
import org.sftn.nn.Add;
import org.sftn.nn.BatchNorm;
import org.sftn.nn.Convolution;
import org.sftn.nn.GlobalAveragePool;
import org.sftn.nn.Linear;
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
            List<Integer> blocks) {
        List<Network> stages = new ArrayList<>();
        Shape shape = stem.tapShape(Taps.STEM);
        for (int stage = 1; stage <= widths.size(); stage++) {
            Network next = stage(stage, shape, block, widths.get(stage - 1), blocks.get(stage - 1));
            shape = next.tapShape(Taps.stage(stage));
            stages.add(next);
        }
        return new Architecture(name, image, classes, stem, stages, head(shape, classes));
    }

    private static Network stage(int stage, Shape input, Block kind, int width, int blocks) {
        Network.Builder b = Network.builder();
        String x = b.input(FEATURES, input);
        for (int block = 0; block < blocks; block++) {
            x = kind.add(b, "stage" + stage + ".block" + block, x, width, stride(stage, block));
        }
        return b.tap(Taps.stageBeforeRelu(stage), "stage" + stage + ".block" + (blocks - 1) + ".add")
                .tap(Taps.stage(stage), x)
                .build();
    }

    static int stride(int stage, int block) {
        return stage > 1 && block == 0 ? 2 : 1;
    }

    /** Two 3x3 convolutions (He et al. 2016, figure 5, left). */
    static String basicBlock(Network.Builder b, String name, String input, int width, int stride) {
        String x = normed(b, name, 1, input, width, 3, stride);
        x = b.add(name + ".relu1", new Relu(), x);
        x = normed(b, name, 2, x, width, 3, 1);
        return b.add(name + ".relu2", new Relu(), sum(b, name, input, x, stride));
    }

    /**
     * A 1x1, a 3x3 and a 1x1 convolution that widens fourfold (He et al. 2016, figure 5, right); the 3x3 has the stride, as in
     * torchvision's version 1.5.
     */
    static String bottleneckBlock(Network.Builder b, String name, String input, int width, int stride) {
        String x = normed(b, name, 1, input, width, 1, 1);
        x = b.add(name + ".relu1", new Relu(), x);
        x = normed(b, name, 2, x, width, 3, stride);
        x = b.add(name + ".relu2", new Relu(), x);
        x = normed(b, name, 3, x, 4 * width, 1, 1);
        return b.add(name + ".relu3", new Relu(), sum(b, name, input, x, stride));
    }

    private static String normed(
            Network.Builder b, String block, int number, String input, int width, int kernel, int stride) {
        int in = b.shape(input).channels();
        String x = b.add(block + ".conv" + number, Convolution.same(in, width, kernel, stride), input);
        return b.add(block + ".bn" + number, new BatchNorm(width), x);
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

    private static Network head(Shape input, int classes) {
        Network.Builder b = Network.builder();
        String x = b.input(FEATURES, input);
        String pooled = b.add("pool", new GlobalAveragePool(), x);
        String logits = b.add("fc", new Linear(input.channels(), classes), pooled);
        return b.tap(Taps.POOLED, pooled).tap(Taps.LOGITS, logits).build();
    }

    /** @throws UserException when a side of the image is smaller than {@code smallest} */
    static void requireFit(String name, Shape image, String halvings, int smallest) {
        if (Math.min(image.height(), image.width()) < smallest) {
            throw new UserException("%s halves the image %s and needs at least %dx%d pixels, not %dx%d"
                    .formatted(name, halvings, smallest, smallest, image.height(), image.width()));
        }
    }
}
