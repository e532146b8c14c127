package org.sftn.engine.bigdl;

import java.util.Optional;
import org.sftn.nn.Layer;
import org.sftn.nn.LeakyRelu;
import org.sftn.nn.Relu6;
import org.sftn.nn.Sigmoid;

/** A function of each value that keeps NaN; its gradient follows from what comes out. */
interface Activation {
    float of(float x);

    /** Where the function has the value y. */
    float slope(float y);

    /** Empty for other layers; ReLU has an operation of its own. */
    static Optional<Activation> of(Layer layer) {
        if (layer instanceof Relu6) {
            return Optional.of(new ClippedAt6());
        }
        if (layer instanceof LeakyRelu leaky) {
            return Optional.of(new Leaky((float) leaky.slope()));
        }
        return layer instanceof Sigmoid ? Optional.of(new Logistic()) : Optional.empty();
    }

    record ClippedAt6() implements Activation {
        @Override
        public float of(float x) {
            return Math.min(Math.max(x, 0), 6);
        }

        @Override
        public float slope(float y) {
            return y > 0 && y < 6 ? 1 : 0;
        }
    }

    record Leaky(float slope) implements Activation {
        @Override
        public float of(float x) {
            return x > 0 ? x : slope * x;
        }

        @Override
        public float slope(float y) {
            return y > 0 ? 1 : slope;
        }
    }

    record Logistic() implements Activation {
        @Override
        public float of(float x) {
            return (float) (1 / (1 + Math.exp(-x)));
        }

        @Override
        public float slope(float y) {
            return y * (1 - y);
        }
    }
}
