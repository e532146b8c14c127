package org.sftn.train;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.zip.CRC32C;
import org.sftn.engine.Engine;
import org.sftn.engine.Executable;
import org.sftn.engine.TrainingExecutable;
import org.sftn.nn.Network;
import org.sftn.nn.ParameterSpec;
import org.sftn.nn.Taps;
import org.sftn.nn.Tensor;

/** A rank's copy of the trained network, and of the part of it that is evaluated. */
final class Model implements AutoCloseable {
    // Integers up to here are exact in fp32.
    private static final int MARKS = 1 << 24;

    private final Objective objective;
    private final TrainingExecutable training;
    private final Optional<Executable> evaluated;
    private final String parameterOrder;

    /** @param batch images, the most of a batch */
    Model(Objective objective, Engine engine, int batch) {
        this.objective = objective;
        Set<String> outputs = new HashSet<>(objective.taps());
        outputs.addAll(objective.logits().values());
        this.training = engine.compileForTraining(objective.network(), outputs, batch * objective.views());
        this.evaluated = objective.model().map(model -> engine.compileForInference(model, Set.of(Taps.LOGITS), batch));
        this.parameterOrder = engine.name() + "-" + identifyOrder(training);
        training.load(objective.initialValues());
    }

    // Numbered parameters, seen by name, show where each lies.
    private static String identifyOrder(TrainingExecutable executable) {
        float[] parameters = executable.parameters();
        for (int i = 0; i < parameters.length; i++) {
            parameters[i] = i % MARKS;
        }
        CRC32C crc = new CRC32C();
        ByteBuffer bytes = ByteBuffer.allocate(Float.BYTES);
        for (Tensor tensor : executable.save().values()) {
            for (float value : tensor.values()) {
                crc.update(bytes.putFloat(0, value).array());
            }
        }
        return String.format(Locale.ROOT, "%08x", crc.getValue());
    }

    TrainingExecutable training() {
        return training;
    }

    /** The order in which the engine holds parameters, and which engine it is. */
    String parameterOrder() {
        return parameterOrder;
    }

    /** Taps of the trained network by name, as {@link Objective#logits}. */
    Map<String, String> logits() {
        return objective.logits();
    }

    /** Whether there is something to evaluate. */
    boolean isEvaluated() {
        return evaluated.isPresent();
    }

    private static String prefix(Objective objective) {
        return objective.modelPrefix().isEmpty() ? "" : objective.modelPrefix() + ".";
    }

    /**
     * The trained network's values now.
     *
     * @param statistics in place of this rank's own
     */
    Map<String, Tensor> values(float[] statistics) {
        Map<String, Tensor> values = new LinkedHashMap<>(training.save());
        int from = 0;
        for (ParameterSpec spec : training.network().statistics()) {
            float[] part = new float[spec.shape().elements()];
            System.arraycopy(statistics, from, part, 0, part.length);
            values.put(spec.name(), new Tensor(spec.shape(), part));
            from += part.length;
        }
        return values;
    }

    /** The evaluated part with these values of the trained network. */
    Executable evaluated(Map<String, Tensor> values) {
        Executable executable = evaluated.orElseThrow();
        executable.load(evaluatedPart(objective, values));
        return executable;
    }

    /** The values of the evaluated part, by its own names. */
    static Map<String, Tensor> evaluatedPart(Objective objective, Map<String, Tensor> values) {
        Map<String, Tensor> part = new LinkedHashMap<>();
        Network model = objective.model().orElseThrow();
        List<ParameterSpec> specs = new ArrayList<>(model.parameters());
        specs.addAll(model.statistics());
        for (ParameterSpec spec : specs) {
            Tensor fixed = objective.fixedValues().get(spec.name());
            part.put(spec.name(), fixed != null ? fixed : values.get(prefix(objective) + spec.name()));
        }
        return part;
    }

    @Override
    public void close() {
        training.close();
        evaluated.ifPresent(Executable::close);
    }
}
