package org.sftn.train;

import java.io.Serializable;
import java.util.Map;
import java.util.Set;
import org.sftn.engine.Engine;
import org.sftn.nn.Network;
import org.sftn.nn.Tensor;

/** What a run trains and by which loss. Made on the driver, sent once to every executor, opened there. */
public interface Objective extends Serializable {
    /** Everything that is trained, as one network: the model and what is trained beside it. */
    Network network();

    /** The values that training starts from, by full name. */
    Map<String, Tensor> initialValues();

    /** The taps of {@link #network()} that the loss reads, the model's logits among them. */
    Set<String> taps();

    /** The part of the network that is evaluated and saved; in {@link #network()} its names stand after the prefix. */
    Network model();

    /** The prefix of the model's names in {@link #network()}, without the dot. */
    String modelPrefix();

    /**
     * On an executor: compiles frozen networks and allocates what a step needs.
     *
     * @param batch the largest local batch
     */
    StepLoss open(Engine engine, int batch);
}
