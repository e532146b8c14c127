package org.sftn.distill;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.sftn.data.Batch;
import org.sftn.engine.Arithmetic;
import org.sftn.engine.Executable;
import org.sftn.nn.Shape;
import org.sftn.nn.Taps;
import org.sftn.nn.Tensor;
import org.sftn.train.StepLoss;
import org.sftn.train.loss.CrossEntropy;
import org.sftn.train.loss.Gradients;
import org.sftn.train.loss.Loss;

/** A recipe at work on one executor, with the frozen teacher beside it. */
final class DistillLoss implements StepLoss {

    /** A term at work. */
    private record Working(String name, DistillationMethod method, MethodLoss loss) {}

    private final List<Working> terms = new ArrayList<>();
    private final double crossEntropyWeight;
    private final double labelSmoothing;
    private final Views views;
    private final Optional<Executable> teacher;
    private final Set<String> inputs;
    private final Arithmetic arithmetic;
    private final Map<String, Tensor> taught = new HashMap<>();

    /**
     * @param labelSmoothing of the cross-entropy, in [0, 1)
     * @param terms in the order in which they are reported
     * @param teacher with what is frozen behind it; closed with this
     * @param inputs of the trained network
     * @param context its arithmetic is closed with this
     */
    DistillLoss(
            double crossEntropyWeight,
            double labelSmoothing,
            Map<String, DistillationMethod> terms,
            Views views,
            Optional<Executable> teacher,
            Set<String> inputs,
            MethodContext context) {
        this.crossEntropyWeight = crossEntropyWeight;
        this.labelSmoothing = labelSmoothing;
        terms.forEach((name, method) -> this.terms.add(new Working(name, method, method.open(context))));
        this.views = views;
        this.teacher = teacher;
        this.inputs = inputs;
        this.arithmetic = context.arithmetic();
    }

    @Override
    public Map<String, Tensor> inputs(Batch batch) {
        Tensor images = views.of(batch.images());
        teacher.ifPresent(frozen -> {
            taught.clear();
            frozen.forward(Map.of(Taps.IMAGE, images))
                    .forEach((tap, value) -> taught.put(DistillationMethod.TEACHER + tap, value));
        });
        Map<String, Tensor> given = new HashMap<>();
        inputs.forEach(name -> given.put(name, name.equals(Taps.IMAGE) ? images : taught.get(name)));
        return given;
    }

    @Override
    public Loss loss(Batch batch, Map<String, Tensor> outputs, int epoch) {
        // The gradients of the step before.
        arithmetic.reclaim();
        double total = 0;
        Map<String, Double> reported = new LinkedHashMap<>();
        Gradients gradients = new Gradients();
        int rows = batch.size() * views.count();
        if (crossEntropyWeight > 0) {
            CrossEntropy crossEntropy = CrossEntropy.of(
                    first(batch.size(), outputs.get(DistillationMethod.STUDENT_LOGITS)),
                    batch.labels(),
                    labelSmoothing);
            total = crossEntropyWeight * crossEntropy.value();
            reported.put("ce", total);
            gradients.add(DistillationMethod.STUDENT_LOGITS, crossEntropyWeight, padded(rows, crossEntropy.gradient()));
        }
        for (Working term : terms) {
            int seen = batch.size() * term.method().views().count();
            Map<String, Tensor> values = new HashMap<>();
            for (String need : term.method().needs()) {
                String tap = DistillObjective.tap(term.name(), need);
                Tensor value = DistillObjective.isTaught(need) ? taught.get(tap) : outputs.get(tap);
                values.put(need, first(seen, value));
            }
            MethodLoss.Term found = term.loss().loss(values, batch, epoch);
            total += found.value();
            reported.put(term.name(), found.value());
            found.gradients()
                    .forEach((value, gradient) ->
                            gradients.give(DistillObjective.tap(term.name(), value), padded(rows, gradient)));
        }
        return new Loss(total, reported, gradients.byTap());
    }

    private static Tensor first(int rows, Tensor all) {
        return all.batch() == rows ? all : rows(rows, all);
    }

    private static Tensor padded(int rows, Tensor some) {
        return some.batch() == rows ? some : rows(rows, some);
    }

    private static Tensor rows(int rows, Tensor tensor) {
        Shape shape = tensor.shape();
        Shape one = new Shape(shape.dimensions().subList(1, shape.rank()));
        return new Tensor(one.batched(rows), Arrays.copyOf(tensor.values(), rows * one.elements()), tensor.layout());
    }

    @Override
    public Map<String, Tensor> state() {
        Map<String, Tensor> state = new LinkedHashMap<>();
        for (Working term : terms) {
            term.loss().state().forEach((name, value) -> state.put(term.name() + "." + name, value));
        }
        return state;
    }

    @Override
    public void restore(Map<String, Tensor> state) {
        for (Working term : terms) {
            Map<String, Tensor> own = new LinkedHashMap<>();
            term.loss().state().keySet().forEach(name -> own.put(name, state.get(term.name() + "." + name)));
            term.loss().restore(own);
        }
    }

    @Override
    public void close() {
        teacher.ifPresent(Executable::close);
        arithmetic.close();
    }
}
