package org.sftn.zoo;

import static org.sftn.zoo.Architecture.FEATURES;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.sftn.conf.UserException;
import org.sftn.nn.BatchNorm;
import org.sftn.nn.Convolution;
import org.sftn.nn.GlobalAveragePool;
import org.sftn.nn.Layer;
import org.sftn.nn.Linear;
import org.sftn.nn.MaxPool;
import org.sftn.nn.Network;
import org.sftn.nn.Relu;
import org.sftn.nn.Shape;
import org.sftn.nn.Taps;

/** What several kinds of architectures are built from. */
final class Parts {
    private Parts() {}

    /** Makes a stage, counted from 1, for the shape that the part before it gives. */
    interface Stages {
        Network create(int stage, Shape input);
    }

    /** The head is made for the last stage's shape. */
    static Architecture architecture(
            String name,
            Shape image,
            int classes,
            Network stem,
            int count,
            Stages stages,
            Function<Shape, Network> head,
            UnaryOperator<String> referenceModules) {
        List<Network> made = new ArrayList<>();
        Shape shape = stem.tapShape(Taps.STEM);
        for (int stage = 1; stage <= count; stage++) {
            Network next = stages.create(stage, shape);
            shape = next.tapShape(Taps.stage(stage));
            made.add(next);
        }
        return new Architecture(name, image, classes, stem, made, head.apply(shape), referenceModules);
    }

    /** A convolution with batch-norm and ReLU. */
    static Network stem(Shape image, Convolution convolution) {
        return stem(image, convolution, new Relu());
    }

    /** A convolution with batch-norm and an activation. */
    static Network stem(Shape image, Convolution convolution, Layer activation) {
        Network.Builder b = Network.builder();
        String x = activated(b, "", 1, convolution, activation, b.input(Taps.IMAGE, image));
        return b.tap(Taps.STEM, x).build();
    }

    /** A convolution with batch-norm and ReLU, and torchvision's 3x3 max pool, which halves the image. */
    static Network pooledStem(Shape image, Convolution convolution) {
        Network.Builder b = Network.builder();
        String x = activated(b, "", 1, convolution, b.input(Taps.IMAGE, image));
        return b.tap(Taps.STEM, b.add("maxpool", new MaxPool(3, 2, 1), x)).build();
    }

    /** A linear layer behind global average pooling. */
    static Network head(Shape input, int classes) {
        Network.Builder b = Network.builder();
        return classify(b, b.input(FEATURES, input), classes);
    }

    /** A 1x1 convolution to this width with batch-norm and an activation before the linear layer and its pooling. */
    static Network head(Shape input, int width, Layer activation, int classes) {
        Network.Builder b = Network.builder();
        String x = b.input(FEATURES, input);
        x = activated(b, "", 2, Convolution.same(input.channels(), width, 1, 1), activation, x);
        return classify(b, x, classes);
    }

    /** Ends a head. */
    static Network classify(Network.Builder b, String input, int classes) {
        String pooled = b.add("pool", new GlobalAveragePool(), input);
        String logits = b.add("fc", new Linear(b.shape(input).channels(), classes), pooled);
        return b.tap(Taps.LAST_MAP, input)
                .tap(Taps.POOLED, pooled)
                .tap(Taps.LOGITS, logits)
                .build();
    }

    /** Adds {@code PREFIXconvN} and {@code PREFIXbnN}. */
    static String normed(Network.Builder b, String prefix, int number, Convolution convolution, String input) {
        return normed(b, prefix, number, convolution, new BatchNorm(convolution.out()), input);
    }

    /** The same with another batch-norm. */
    static String normed(
            Network.Builder b, String prefix, int number, Convolution convolution, BatchNorm norm, String input) {
        return b.add(prefix + "bn" + number, norm, b.add(prefix + "conv" + number, convolution, input));
    }

    /** The same and {@code PREFIXreluN}. */
    static String activated(Network.Builder b, String prefix, int number, Convolution convolution, String input) {
        return activated(b, prefix, number, convolution, new Relu(), input);
    }

    /** The same with another activation of that name. */
    static String activated(
            Network.Builder b, String prefix, int number, Convolution convolution, Layer activation, String input) {
        return b.add(prefix + "relu" + number, activation, normed(b, prefix, number, convolution, input));
    }

    /** 3x3, each channel by itself. */
    static Convolution depthwise(int channels, int stride) {
        return new Convolution(channels, channels, 3, stride, 1, channels);
    }

    /** @throws UserException when a side of the image is smaller than {@code smallest} */
    static void requireFit(String name, Shape image, String halvings, int smallest) {
        if (Math.min(image.height(), image.width()) < smallest) {
            throw new UserException(String.format(
                    Locale.ROOT,
                    "%s halves the image %s and needs at least %dx%d pixels, not %dx%d",
                    name,
                    halvings,
                    smallest,
                    smallest,
                    image.height(),
                    image.width()));
        }
    }
}
