package org.sftn.distill.method;

import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import org.sftn.nn.AveragePool;
import org.sftn.nn.BatchNorm;
import org.sftn.nn.Convolution;
import org.sftn.nn.GlobalAveragePool;
import org.sftn.nn.Linear;
import org.sftn.nn.Network;
import org.sftn.nn.Relu;
import org.sftn.nn.Shape;
import org.sftn.nn.Taps;
import org.sftn.zoo.Architecture;

/** Small architectures whose stages have given shapes. */
final class Architectures {
    static final int CLASSES = 5;
    private static final Shape IMAGE = Shape.of(3, 16, 16);

    private Architectures() {}

    /** @param stages square; each size divides the one before, the first 16 */
    static Architecture of(String name, List<Shape> stages) {
        Network.Builder stem = Network.builder();
        stem.tap(Taps.STEM, stem.add("conv1", Convolution.same(3, 4, 3, 1), stem.input(Taps.IMAGE, IMAGE)));
        List<Network> made = new ArrayList<>();
        Shape shape = Shape.of(4, 16, 16);
        for (Shape stage : stages) {
            made.add(stage(made.size() + 1, shape, stage));
            shape = stage;
        }
        Network.Builder head = Network.builder();
        String last = head.input(Architecture.FEATURES, shape);
        head.add("pool", new GlobalAveragePool(), last);
        head.add("fc", new Linear(shape.channels(), CLASSES), "pool");
        head.tap(Taps.LAST_MAP, last).tap(Taps.POOLED, "pool").tap(Taps.LOGITS, "fc");
        return new Architecture(name, IMAGE, CLASSES, stem.build(), made, head.build(), UnaryOperator.identity());
    }

    private static Network stage(int number, Shape from, Shape to) {
        String prefix = Taps.stage(number) + ".";
        int factor = from.height() / to.height();
        Network.Builder b = Network.builder();
        String x = b.input(Architecture.FEATURES, from);
        if (factor > 1) {
            x = b.add(prefix + "pool", new AveragePool(factor, factor, 0), x);
        }
        x = b.add(prefix + "conv", Convolution.same(from.channels(), to.channels(), 1, 1), x);
        x = b.add(prefix + "bn", new BatchNorm(to.channels()), x);
        return b.tap(Taps.stagePreActivation(number), x)
                .tap(Taps.stage(number), b.add(prefix + "relu", new Relu(), x))
                .build();
    }
}
