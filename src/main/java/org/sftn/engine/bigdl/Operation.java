package org.sftn.engine.bigdl;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One node, lowered. All workers call every method; each works on its own images, so that consecutive operations need no
 * barrier, and values of one size may take turns in one array.
 */
interface Operation {
    List<Value> inputs();

    Value output();

    /** Brings the parameters into the form that the passes use. Called before each forward pass; a barrier follows. */
    default void prepare(Worker worker) {}

    void forward(Worker worker);

    /**
     * From the output's gradient to the inputs' and to the parameters'.
     *
     * @param into for each input
     */
    void backward(Worker worker, List<Into> into);

    /** Adds what the workers kept in {@link Worker#kept} to the gradients. Called after each backward pass, behind a barrier. */
    default void collect(Worker worker, List<Worker> all) {}

    /**
     * Whether the output may be written over one of the first two inputs, and one input's gradient over the output's, where that
     * input is taken once.
     */
    default boolean elementwise() {
        return false;
    }

    /** Whether {@link #backward} reads the inputs' data. */
    default boolean needsInput() {
        return false;
    }

    /** Whether {@link #backward} reads the output's data. */
    default boolean needsOutput() {
        return false;
    }

    default boolean hasParameters() {
        return false;
    }

    /** Values of {@link Worker#scratch} that it uses. */
    default int scratch() {
        return 0;
    }

    /** Why this batch cannot be passed; null when it can. */
    default @Nullable String refusal(int batch) {
        return null;
    }
}
