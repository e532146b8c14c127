package org.sftn.engine.onednn;

import java.util.Objects;
import org.bytedeco.dnnl.dnnl_memory_desc;
import org.bytedeco.dnnl.global.dnnl;
import org.jspecify.annotations.Nullable;
import org.sftn.nn.Shape;

/**
 * What a network input or a node makes, for the whole batch, channels last. Vectors are maps of one pixel, in fp32 whatever the
 * precision: pooled features and logits are small, and losses want them exact.
 */
final class Value {
    final String name;
    final int batch;
    final Shape shape;
    final Type type;
    /** Whether it depends on a trained parameter, so that its gradient is wanted. */
    final boolean trained;

    final dnnl_memory_desc layout;
    /** Null until the node is recorded. */
    private @Nullable Buffer data;
    /** The sum so far of what its users contribute; null where no loss depends on it. */
    private @Nullable Buffer gradient;

    Value(Handles handles, String name, int batch, Shape shape, Type precision, boolean trained) {
        this.name = name;
        this.batch = batch;
        this.shape = shape;
        this.type = shape.isMap() ? precision : Type.F32;
        this.trained = trained;
        this.layout = handles.layout(type, dnnl.dnnl_acdb, dimensions());
    }

    /** What the node makes, once it is recorded. */
    Buffer data() {
        return Objects.requireNonNull(data);
    }

    void setData(Buffer made) {
        data = made;
    }

    boolean hasGradient() {
        return gradient != null;
    }

    /** Of a value that a loss depends on, as each that is trained does when all its users are recorded. */
    Buffer gradient() {
        return Objects.requireNonNull(gradient);
    }

    void setGradient(Buffer sum) {
        gradient = sum;
    }

    long[] dimensions() {
        return new long[] {batch, channels(), height(), width()};
    }

    int channels() {
        return shape.channels();
    }

    int height() {
        return shape.isMap() ? shape.height() : 1;
    }

    int width() {
        return shape.isMap() ? shape.width() : 1;
    }
}
