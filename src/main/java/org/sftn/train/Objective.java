package org.sftn.train;

import java.io.Serializable;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.sftn.engine.Engine;
import org.sftn.nn.Network;
import org.sftn.nn.Tensor;

/** What a run trains and by which loss. Made on the driver, sent once to every executor, opened there. */
public interface Objective extends Serializable {
    /** The name of the model among {@link #logits()}. */
    String MODEL = "model";

    /** Everything that is trained, as one network: the model and what is trained beside it. */
    Network network();

    /** The values that training starts from, by full name. */
    Map<String, Tensor> initialValues();

    /** The taps of {@link #network()} that the loss reads. */
    Set<String> taps();

    /**
     * The taps of {@link #network()} with logits whose accuracy in training is reported, by name: the model's, as {@link #MODEL}, and
     * those of auxiliary classifiers. Empty when there are none.
     */
    Map<String, String> logits();

    /** Rows that the network's inputs have for each image of a batch; the first of each stand first. */
    default int views() {
        return 1;
    }

    /**
     * What is evaluated and saved; empty when nothing is. In {@link #network()} the names of its trained values stand after the
     * prefix.
     */
    Optional<Network> model();

    /** The prefix of the model's names in {@link #network()}, without the dot. */
    String modelPrefix();

    /** Values of the model that are not in {@link #network()} since they are not trained, by the model's own names. */
    default Map<String, Tensor> fixedValues() {
        return Map.of();
    }

    /**
     * Terms of the loss that remember something of each executor's images, see {@link StepLoss#state}: where there are any, the number
     * of executors must stay.
     */
    default Set<String> remembering() {
        return Set.of();
    }

    /** On an executor: compiles frozen networks and allocates what a step needs. */
    StepLoss open(Engine engine, RankLabels shard);
}
