package org.sftn.engine.bigdl;

import java.util.Map;
import java.util.Set;
import org.sftn.engine.GradientProgress;
import org.sftn.engine.ParameterRange;
import org.sftn.engine.TrainingExecutable;
import org.sftn.nn.Network;
import org.sftn.nn.Tensor;

/** A network in training mode. */
final class BigDlTrainingExecutable implements TrainingExecutable {
    private final BigDlExecutable executable;
    private final Parameters parameters;
    private final Graph graph;

    BigDlTrainingExecutable(Network network, Parameters parameters, Graph graph) {
        this.executable = new BigDlExecutable(network, parameters, graph);
        this.parameters = parameters;
        this.graph = graph;
    }

    @Override
    public float[] gradients() {
        return parameters.gradients();
    }

    @Override
    public void backward(Map<String, Tensor> gradients, GradientProgress progress) {
        executable.requireOpen();
        graph.backward(gradients, progress);
    }

    @Override
    public Network network() {
        return executable.network();
    }

    @Override
    public float[] parameters() {
        return parameters.values();
    }

    @Override
    public Map<String, ParameterRange> ranges() {
        return parameters.trained().ranges();
    }

    @Override
    public Set<String> rounded() {
        return Set.of();
    }

    @Override
    public Tensor canonical(String parameter, float[] array) {
        return parameters.trained().save(array, parameter);
    }

    @Override
    public void layOut(Map<String, Tensor> values, float[] array) {
        parameters.trained().check(values);
        parameters.trained().load(values, array);
    }

    @Override
    public float[] statistics() {
        return parameters.statistics();
    }

    @Override
    public void load(Map<String, Tensor> values) {
        executable.load(values);
    }

    @Override
    public Map<String, Tensor> save() {
        return parameters.save();
    }

    @Override
    public Map<String, Tensor> forward(Map<String, Tensor> inputs) {
        return executable.forward(inputs);
    }

    @Override
    public void close() {
        executable.close();
    }
}
