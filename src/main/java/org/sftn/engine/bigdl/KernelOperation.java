package org.sftn.engine.bigdl;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** What a convolution and a transposed one do alike. */
interface KernelOperation extends Operation {
    Value input();

    ConvolutionKernel kernel();

    KernelWeight weight();

    /** Null for none. */
    @Nullable
    Bias bias();

    @Override
    default List<Value> inputs() {
        return List.of(input());
    }

    @Override
    default void prepare(Worker worker) {
        weight().pack(worker);
    }

    @Override
    default void collect(Worker worker, List<Worker> all) {
        weight().collect(worker, all);
        Bias bias = bias();
        if (bias != null) {
            bias.collect(worker, all, output());
        }
    }

    @Override
    default boolean needsInput() {
        return true;
    }

    @Override
    default boolean hasParameters() {
        return true;
    }

    @Override
    default int scratch() {
        return kernel().scratch();
    }
}
