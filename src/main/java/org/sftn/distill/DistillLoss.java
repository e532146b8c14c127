package org.sftn.distill;

import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.sftn.data.Batch;
import org.sftn.engine.Executable;
import org.sftn.nn.Taps;
import org.sftn.nn.Tensor;
import org.sftn.train.Loss;
import org.sftn.train.StepLoss;
import org.sftn.train.loss.CrossEntropy;
import org.sftn.train.loss.Gradients;

/** A recipe at work on one executor, with the frozen teacher beside it. */
final class DistillLoss implements StepLoss {
    private static final String STUDENT_LOGITS = DistillationMethod.STUDENT + Taps.LOGITS;

    private final TreeMap<String, DistillationMethod> terms;
    private final double crossEntropyWeight;
    private final Optional<Executable> teacher;
    private final Set<String> moduleInputs;
    private final Map<String, Tensor> taught = new HashMap<>();

    DistillLoss(Recipe recipe, Optional<Executable> teacher, Set<String> moduleInputs) {
        this.terms = new TreeMap<>(recipe.terms());
        this.crossEntropyWeight = recipe.crossEntropyWeight();
        this.teacher = teacher;
        this.moduleInputs = moduleInputs;
    }

    @Override
    public Map<String, Tensor> inputs(Batch batch) {
        Map<String, Tensor> inputs = new HashMap<>(Map.of(Taps.IMAGE, batch.images()));
        teacher.ifPresent(frozen -> {
            taught.clear();
            frozen.forward(Map.of(Taps.IMAGE, batch.images()))
                    .forEach((tap, value) -> taught.put(DistillationMethod.TEACHER + tap, value));
            moduleInputs.forEach(name -> inputs.put(name, taught.get(name)));
        });
        return inputs;
    }

    @Override
    public Loss loss(Batch batch, Map<String, Tensor> outputs, int epoch) {
        CrossEntropy crossEntropy = CrossEntropy.of(outputs.get(STUDENT_LOGITS), batch.labels());
        double total = crossEntropyWeight * crossEntropy.value();
        Map<String, Double> reported = new LinkedHashMap<>();
        reported.put("ce", total);
        Gradients gradients = new Gradients();
        gradients.add(STUDENT_LOGITS, crossEntropyWeight, crossEntropy.gradient());
        for (Map.Entry<String, DistillationMethod> entry : terms.entrySet()) {
            String name = entry.getKey();
            Map<String, Tensor> values = new HashMap<>(taught);
            entry.getValue().needs().forEach(value -> {
                if (!value.startsWith(DistillationMethod.TEACHER)) {
                    values.put(value, outputs.get(DistillObjective.tap(name, value)));
                }
            });
            DistillationMethod.Term term = entry.getValue().loss(values, batch, epoch);
            total += term.value();
            reported.put(name, term.value());
            term.gradients()
                    .forEach((value, gradient) -> gradients.add(DistillObjective.tap(name, value), 1, gradient));
        }
        return new Loss(total, reported, gradients.byTap());
    }

    @Override
    public void close() {
        teacher.ifPresent(Executable::close);
    }
}
