package org.sftn.engine.bigdl;

import org.sftn.nn.Shape;

/** What a network input or a node makes, for the whole batch. Arrays are {@code batch x shape}; the graph assigns them. */
final class Value {
    private static final float[] NONE = {};

    final String name;
    final Shape shape;
    /** Whether it depends on a trained parameter, so that its gradient is wanted. */
    final boolean trained;

    float[] data = NONE;
    /** Empty where the loss of this backward pass does not depend on the value. */
    float[] gradient = NONE;

    Value(String name, Shape shape, boolean trained) {
        this.name = name;
        this.shape = shape;
        this.trained = trained;
    }

    boolean hasGradient() {
        return gradient.length > 0;
    }

    void dropData() {
        data = NONE;
    }

    void dropGradient() {
        gradient = NONE;
    }
}
