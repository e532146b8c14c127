package org.sftn.zoo;

import static org.sftn.zoo.Architecture.FEATURES;

import java.util.ArrayList;
import java.util.List;
import org.sftn.nn.Add;
import org.sftn.nn.BatchNorm;
import org.sftn.nn.Convolution;
import org.sftn.nn.GlobalAveragePool;
import org.sftn.nn.Linear;
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
            Network stem = stem(image, stemWidth);
            int[] widths = {width1, width2, width3};
            List<Network> stages = new ArrayList<>();
            Shape shape = stem.tapShape(Taps.STEM);
            for (int stage = 1; stage <= CifarStages.COUNT; stage++) {
                Network next = stage(stage, shape, widths[stage - 1], (depth - 2) / 6);
                shape = next.tapShape(Taps.stage(stage));
                stages.add(next);
            }
            return new Architecture(name, image, classes, stem, stages, head(shape, classes));
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

    private static Network stage(int stage, Shape input, int width, int blocks) {
        Network.Builder b = Network.builder();
        String x = b.input(FEATURES, input);
        String sum = null;
        for (int block = 0; block < blocks; block++) {
            sum = block(b, "stage" + stage + ".block" + block, x, width, CifarStages.stride(stage, block));
            x = b.add("stage" + stage + ".block" + block + ".relu2", new Relu(), sum);
        }
        return b.tap(Taps.stageBeforeRelu(stage), sum).tap(Taps.stage(stage), x).build();
    }

    /** Up to the sum, before the ReLU that follows it. */
    private static String block(Network.Builder b, String name, String input, int width, int stride) {
        int in = b.shape(input).channels();
        String x = b.add(name + ".conv1", Convolution.same(in, width, 3, stride), input);
        x = b.add(name + ".bn1", new BatchNorm(width), x);
        x = b.add(name + ".relu1", new Relu(), x);
        x = b.add(name + ".conv2", Convolution.same(width, width, 3, 1), x);
        x = b.add(name + ".bn2", new BatchNorm(width), x);
        String shortcut = input;
        if (stride != 1 || in != width) {
            shortcut = b.add(name + ".shortcut.conv", Convolution.same(in, width, 1, stride), input);
            shortcut = b.add(name + ".shortcut.bn", new BatchNorm(width), shortcut);
        }
        return b.add(name + ".add", new Add(), x, shortcut);
    }

    private static Network head(Shape input, int classes) {
        Network.Builder b = Network.builder();
        String x = b.input(FEATURES, input);
        String pooled = b.add("pool", new GlobalAveragePool(), x);
        String logits = b.add("fc", new Linear(input.channels(), classes), pooled);
        return b.tap(Taps.POOLED, pooled).tap(Taps.LOGITS, logits).build();
    }
}
