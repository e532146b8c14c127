package org.sftn.engine;

import java.util.LinkedHashMap;
import java.util.Map;
import org.sftn.nn.ParameterSpec;
import org.sftn.nn.Tensor;

/** Gradients by parameter, whatever the engine's order: they are saved as if they were parameters. */
public final class NamedGradients {
    private NamedGradients() {}

    /** Copies, in the canonical layout. */
    public static Map<String, Tensor> of(TrainingExecutable executable) {
        float[] parameters = executable.parameters();
        float[] kept = parameters.clone();
        System.arraycopy(executable.gradients(), 0, parameters, 0, parameters.length);
        Map<String, Tensor> saved = executable.save();
        System.arraycopy(kept, 0, parameters, 0, parameters.length);
        Map<String, Tensor> gradients = new LinkedHashMap<>();
        for (ParameterSpec spec : executable.network().parameters()) {
            gradients.put(spec.name(), saved.get(spec.name()));
        }
        return gradients;
    }
}
