package org.sftn.engine.onednn;

/** A node of the network, or several that are computed as one. */
interface Operation {
    /** Records the forward pass: sets the output's data. */
    void forward(Recorder recorder);

    /** Records the backward pass, if the output has a gradient: contributes to the inputs' gradients and the parameters'. */
    default void backward(Recorder recorder) {
        throw new IllegalStateException("nothing goes backward in inference");
    }
}
