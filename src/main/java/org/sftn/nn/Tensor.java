package org.sftn.nn;

import java.io.Serializable;
import java.util.Arrays;

/**
 * Values in row-major order with their shape; a batch of feature maps is {@code batch x channels x height x width}.
 * The array is shared, not copied: who receives a tensor may read it until the next call on its producer.
 *
 * @param shape all dimensions, the batch included, channels first whatever the layout
 * @param values exactly {@code shape.elements()} values
 * @param layout of a batch of feature maps; {@link Layout#CHANNELS_FIRST} for everything but batches of images that were made
 *     for an engine
 */
public record Tensor(Shape shape, float[] values, Layout layout) implements Serializable {
    public Tensor(Shape shape, float[] values) {
        this(shape, values, Layout.CHANNELS_FIRST);
    }

    public Tensor {
        if (values.length != shape.elements()) {
            throw new IllegalArgumentException(
                    "a tensor of " + shape + " needs " + shape.elements() + " values, not " + values.length);
        }
    }

    public static Tensor zeros(Shape shape) {
        return new Tensor(shape, new float[shape.elements()]);
    }

    /** The first dimension: the batch size of activations. */
    public int batch() {
        return shape.dimension(0);
    }

    /** A copy of the values of one example of a batch. */
    public float[] row(int example) {
        int size = values.length / batch();
        return Arrays.copyOfRange(values, example * size, (example + 1) * size);
    }
}
