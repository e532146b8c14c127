package org.sftn.engine.onednn;

import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import org.sftn.engine.Executable;
import org.sftn.engine.Flat;
import org.sftn.nn.Layout;
import org.sftn.nn.Network;
import org.sftn.nn.Tensor;

/** A network in evaluation mode, batch-norm folded into the convolution before it where there is one. */
final class OneDnnExecutable implements Executable {
    private final Programs programs;
    private final Flat parameters;
    private final Flat statistics;
    private Map<String, Tensor> loaded = Map.of();

    OneDnnExecutable(Network network, Set<String> outputs, Type precision, int batch, int threads) {
        this.parameters = new Flat(network.parameters());
        this.statistics = new Flat(network.statistics());
        this.programs = new Programs(network, outputs, precision, batch, threads, false);
    }

    @Override
    public Network network() {
        return programs.network();
    }

    @Override
    public void load(Map<String, Tensor> values) {
        programs.requireOpen();
        parameters.check(values);
        statistics.check(values);
        // For programs that are compiled later.
        loaded = new HashMap<>();
        values.forEach((name, tensor) ->
                loaded.put(name, new Tensor(tensor.shape(), tensor.values().clone())));
        programs.useThreads();
        programs.all().forEach(program -> program.load(loaded));
    }

    @Override
    public Map<String, Tensor> forward(Map<String, Tensor> inputs) {
        return programs.of(inputs, this::compile).forward(inputs);
    }

    private Compiled compile(Handles handles, Lowering lowering, int batch, Map<String, Layout> layouts) {
        if (loaded.isEmpty()) {
            throw new IllegalStateException("forward before values are loaded");
        }
        Compiled compiled = new Compiled(
                handles,
                network(),
                lowering,
                null,
                programs.outputs(),
                batch,
                layouts,
                programs.copy(),
                programs::arena);
        compiled.load(loaded);
        return compiled;
    }

    @Override
    public void close() {
        programs.close();
    }
}
