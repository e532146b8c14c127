package org.sftn.engine.bigdl;

import java.util.LinkedHashMap;
import java.util.Map;
import org.sftn.engine.Flat;
import org.sftn.nn.Network;
import org.sftn.nn.Tensor;

/**
 * A network's trained parameters, their gradients and its running statistics.
 *
 * @param network names them in the canonical order
 * @param trained the places of {@code values} and {@code gradients}, from the last node to the first
 * @param running the places of {@code statistics}
 * @param gradients of no length in inference
 */
record Parameters(Network network, Flat trained, Flat running, float[] values, float[] gradients, float[] statistics) {
    static Parameters of(Network network, Mode mode) {
        Flat trained = new Flat(network.parametersFromLast());
        Flat running = new Flat(network.statistics());
        float[] gradients = new float[mode == Mode.TRAINING ? trained.length() : 0];
        return new Parameters(
                network, trained, running, new float[trained.length()], gradients, new float[running.length()]);
    }

    void load(Map<String, Tensor> given) {
        trained.check(given);
        running.check(given);
        trained.load(given, values);
        running.load(given, statistics);
    }

    Map<String, Tensor> save() {
        Map<String, Tensor> saved = new LinkedHashMap<>();
        network.parameters().forEach(spec -> saved.put(spec.name(), trained.save(values, spec.name())));
        network.statistics().forEach(spec -> saved.put(spec.name(), running.save(statistics, spec.name())));
        return saved;
    }
}
