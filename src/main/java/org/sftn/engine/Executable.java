package org.sftn.engine;

import java.util.Map;
import org.sftn.nn.Network;
import org.sftn.nn.Tensor;

/** A compiled network with its values. Not thread-safe: one thread at a time. */
public interface Executable extends AutoCloseable {
    Network network();

    /** Copies parameters and statistics in by their full names; every name of the network must be there with its shape. */
    void load(Map<String, Tensor> values);

    /**
     * @param inputs every input of the network, {@code batch x shape}, all of one batch of at least 1; read, not copied: in
     *     training they must stay as they are until the backward pass is done
     * @return the requested taps, {@code batch x shape}; valid until the next forward pass
     * @throws IllegalArgumentException naming the input that does not fit
     */
    Map<String, Tensor> forward(Map<String, Tensor> inputs);

    /** Releases what the engine holds; a second call does nothing. */
    @Override
    void close();
}
