package org.sftn.engine.bigdl;

import java.util.Map;
import org.sftn.engine.Executable;
import org.sftn.nn.Network;
import org.sftn.nn.Tensor;

/** A network in evaluation mode. */
final class BigDlExecutable implements Executable {
    private final Network network;
    private final Parameters parameters;
    private final Graph graph;
    private boolean closed;

    BigDlExecutable(Network network, Parameters parameters, Graph graph) {
        this.network = network;
        this.parameters = parameters;
        this.graph = graph;
    }

    @Override
    public Network network() {
        return network;
    }

    @Override
    public void load(Map<String, Tensor> values) {
        parameters.load(values);
    }

    @Override
    public Map<String, Tensor> forward(Map<String, Tensor> inputs) {
        requireOpen();
        return graph.forward(inputs);
    }

    void requireOpen() {
        if (closed) {
            throw new IllegalStateException("the executable is closed");
        }
    }

    @Override
    public void close() {
        closed = true;
        graph.close();
    }
}
