package org.sftn.model;

import java.util.function.Supplier;
import org.sftn.nn.Shape;
import org.sftn.nn.Tensor;

/**
 * A tensor that is made when it is wanted, for what shall not be in memory twice.
 *
 * @param shape of what {@code maker} makes
 */
public record LazyTensor(Shape shape, Supplier<Tensor> maker) {
    /** One that is there already. */
    public static LazyTensor of(Tensor tensor) {
        return new LazyTensor(tensor.shape(), () -> tensor);
    }

    public Tensor make() {
        return maker.get();
    }
}
