package org.sftn.nn;

import java.io.Serializable;
import java.util.List;

/** One operation of a network, described by its hyper-parameters only: no values, no native code. */
public sealed interface Layer extends Serializable
        permits Convolution,
                TransposedConvolution,
                Linear,
                ParameterVector,
                BatchNorm,
                Relu,
                Relu6,
                LeakyRelu,
                Sigmoid,
                Add,
                SpatialAttention,
                Concat,
                ChannelSlice,
                ChannelShuffle,
                MaxPool,
                AveragePool,
                GlobalAveragePool,
                Flatten,
                Upsample {
    /**
     * The shape that this layer makes of its inputs.
     *
     * @throws IllegalArgumentException naming the shapes that do not fit
     */
    Shape outputShape(List<Shape> inputs);

    /** Trained parameters in PyTorch's order, by the last part of their names. */
    default List<ParameterSpec> parameters() {
        return List.of();
    }

    /** Values that training updates but the optimizer does not: batch-norm's running statistics. */
    default List<ParameterSpec> statistics() {
        return List.of();
    }

    /** The only input, or the reason why there is none. */
    static Shape only(String what, List<Shape> inputs) {
        if (inputs.size() != 1) {
            throw new IllegalArgumentException(what + " takes one input, not " + inputs.size());
        }
        return inputs.get(0);
    }

    /** The only input, which must be a feature map. */
    static Shape onlyMap(String what, List<Shape> inputs) {
        Shape input = only(what, inputs);
        if (!input.isMap()) {
            throw new IllegalArgumentException(what + " needs a feature map, not " + input);
        }
        return input;
    }

    /** The only input, which must be a feature map of this many channels. */
    static Shape onlyMap(String what, int channels, List<Shape> inputs) {
        Shape input = only(what, inputs);
        if (!input.isMap() || input.channels() != channels) {
            throw new IllegalArgumentException(
                    what + " of " + channels + " channels does not fit an input of " + input);
        }
        return input;
    }

    /** The number of windows along a side of a map: floor((size + 2 padding - kernel) / stride) + 1, as PyTorch's. */
    static int windows(String what, int size, int kernel, int stride, int padding) {
        int span = size + 2 * padding - kernel;
        if (span < 0) {
            throw new IllegalArgumentException(
                    what + ": a kernel of " + kernel + " is larger than its padded input of " + (size + 2 * padding));
        }
        return span / stride + 1;
    }
}
