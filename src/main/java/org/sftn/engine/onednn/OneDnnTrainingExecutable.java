package org.sftn.engine.onednn;

import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.sftn.engine.Checks;
import org.sftn.engine.GradientProgress;
import org.sftn.engine.ParameterRange;
import org.sftn.engine.TrainingExecutable;
import org.sftn.nn.Layout;
import org.sftn.nn.Network;
import org.sftn.nn.Tensor;

/** A network in training mode. */
final class OneDnnTrainingExecutable implements TrainingExecutable {
    private final Programs programs;
    /** Laid out by the first program; null until then. */
    private @Nullable Parameters parameters;

    private Set<String> rounded = Set.of();
    /** Of the last forward pass; null when there is none to go back through. */
    private @Nullable Compiled current;

    private int currentBatch;

    OneDnnTrainingExecutable(Network network, Set<String> outputs, Type precision, int batch, int threads) {
        this.programs = new Programs(network, outputs, precision, batch, threads, true);
        try {
            programs.first(this::compile);
        } catch (RuntimeException | Error e) {
            // Nobody else can give back what there is so far: the attempt after this one needs it.
            programs.close();
            if (parameters != null) {
                parameters.close();
            }
            throw e;
        }
    }

    private Compiled compile(Handles handles, Lowering lowering, int batch, Map<String, Layout> layouts) {
        if (parameters == null) {
            parameters = new Parameters(network(), lowering.layouts(), programs.copy());
            rounded = lowering.rounded();
        }
        return new Compiled(
                handles,
                network(),
                lowering,
                parameters,
                programs.outputs(),
                batch,
                layouts,
                programs.copy(),
                programs::arena);
    }

    private Parameters laidOut() {
        return Objects.requireNonNull(parameters, "the constructor compiles the first program");
    }

    @Override
    public Network network() {
        return programs.network();
    }

    @Override
    public float[] parameters() {
        return laidOut().values();
    }

    @Override
    public Map<String, ParameterRange> ranges() {
        return laidOut().ranges();
    }

    @Override
    public Set<String> rounded() {
        return rounded;
    }

    @Override
    public Tensor canonical(String parameter, float[] array) {
        programs.requireOpen();
        return laidOut().canonical(parameter, array);
    }

    @Override
    public void layOut(Map<String, Tensor> values, float[] array) {
        programs.requireOpen();
        laidOut().layOut(values, array);
    }

    @Override
    public float[] statistics() {
        return laidOut().statistics();
    }

    @Override
    public float[] gradients() {
        return laidOut().gradients();
    }

    @Override
    public void load(Map<String, Tensor> values) {
        programs.requireOpen();
        laidOut().load(values);
    }

    @Override
    public Map<String, Tensor> save() {
        programs.requireOpen();
        return laidOut().save();
    }

    @Override
    public Map<String, Tensor> forward(Map<String, Tensor> inputs) {
        Compiled program = programs.of(inputs, this::compile);
        current = program;
        currentBatch = inputs.values().iterator().next().batch();
        laidOut().upload();
        Map<String, Tensor> outputs = program.forward(inputs);
        program.updateStatistics(laidOut());
        return outputs;
    }

    @Override
    public void backward(Map<String, Tensor> gradients, GradientProgress progress) {
        programs.requireOpen();
        if (current == null) {
            throw new IllegalStateException("backward without a forward pass before it");
        }
        Checks.gradients(network(), programs.outputs(), currentBatch, gradients);
        programs.useThreads();
        Compiled program = current;
        // It overwrites what the forward pass has kept.
        current = null;
        program.backward(gradients, laidOut(), progress);
    }

    @Override
    public void close() {
        programs.close();
        laidOut().close();
    }
}
