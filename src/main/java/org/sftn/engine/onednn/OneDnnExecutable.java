package org.sftn.engine.onednn;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.sftn.engine.Executable;
import org.sftn.engine.Flat;
import org.sftn.nn.Network;
import org.sftn.nn.Tensor;

/** A network in evaluation mode, batch-norm folded into the convolution before it where there is one. */
final class OneDnnExecutable implements Executable {
    private final Programs programs;
    private final Type precision;
    private final int threads;
    private final Flat parameters;
    private final Flat statistics;
    private Map<String, Tensor> loaded = Map.of();
    /** Of the loaded values; null until images have come. */
    private @Nullable Set<String> hidden;

    OneDnnExecutable(Network network, Set<String> outputs, Type precision, int batch, int threads) {
        this.parameters = new Flat(network.parameters());
        this.statistics = new Flat(network.statistics());
        this.programs = new Programs(network, outputs, precision, batch, threads, false);
        this.precision = precision;
        this.threads = threads;
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
        hidden = null;
        programs.useThreads();
        programs.all().forEach(program -> program.load(loaded));
    }

    @Override
    public Map<String, Tensor> forward(Map<String, Tensor> inputs) {
        Compiled program = programs.of(inputs, compiler(programs, loaded));
        if (hidden == null) {
            hidden = HiddenNumbers.among(programs.outputs(), network(), loaded, inputs, precision, threads);
        }
        Map<String, Tensor> outputs = program.forward(inputs);
        hidden.forEach(tap -> Arrays.fill(outputs.get(tap).values(), Float.NaN));
        return outputs;
    }

    /** Makes programs in evaluation mode. */
    static Programs.Compiler compiler(Programs programs, Map<String, Tensor> loaded) {
        return (handles, lowering, batch, layouts) -> {
            if (loaded.isEmpty()) {
                throw new IllegalStateException("forward before values are loaded");
            }
            Compiled compiled = new Compiled(
                    handles,
                    programs.network(),
                    lowering,
                    null,
                    programs.outputs(),
                    batch,
                    layouts,
                    programs.copy(),
                    programs::arena);
            compiled.load(loaded);
            return compiled;
        };
    }

    @Override
    public void close() {
        programs.close();
    }
}
