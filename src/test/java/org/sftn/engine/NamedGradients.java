package org.sftn.engine;

import java.util.LinkedHashMap;
import java.util.Map;
import org.sftn.nn.ParameterSpec;
import org.sftn.nn.Tensor;

/** Gradients by parameter, whatever the engine's order. */
public final class NamedGradients {
    private NamedGradients() {}

    /** Copies, in the canonical layout. */
    public static Map<String, Tensor> of(TrainingExecutable executable) {
        Map<String, Tensor> gradients = new LinkedHashMap<>();
        for (ParameterSpec spec : executable.network().parameters()) {
            gradients.put(spec.name(), executable.canonical(spec.name(), executable.gradients()));
        }
        return gradients;
    }
}
