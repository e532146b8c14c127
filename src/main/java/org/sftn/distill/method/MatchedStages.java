package org.sftn.distill.method;

import java.io.Serializable;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.sftn.conf.UserException;
import org.sftn.distill.DistillationMethod;
import org.sftn.distill.MethodLoss;
import org.sftn.distill.Pair;
import org.sftn.nn.Shape;
import org.sftn.nn.Taps;
import org.sftn.nn.Tensor;

/** The stages of a pair whose maps can be compared: of one resolution, or of two of which one is a whole multiple of the other. */
record MatchedStages(List<Pair.Stages> stages) implements Serializable {
    /** What is learnt from the maps of one stage. */
    @FunctionalInterface
    interface Formula {
        StudentLoss of(Tensor student, Tensor teacher);
    }

    MatchedStages {
        stages = List.copyOf(stages);
    }

    /** @throws UserException when maps cannot be compared, naming them */
    static MatchedStages of(String method, Pair pair) {
        for (Pair.Stages each : pair.stages()) {
            Shape student = pair.student().stageShape(each.student());
            Shape teacher = pair.teacher().stageShape(each.teacher());
            if (!comparable(student, teacher)) {
                throw new UserException(String.format(
                        Locale.ROOT,
                        "%s cannot compare stage %d of the student %s (%s) with stage %d of the teacher %s (%s): neither resolution is a whole multiple of the other",
                        method,
                        each.student(),
                        pair.student().name(),
                        student,
                        each.teacher(),
                        pair.teacher().name(),
                        teacher));
            }
        }
        return new MatchedStages(pair.stages());
    }

    static boolean comparable(Shape a, Shape b) {
        return multiple(a, b) || multiple(b, a);
    }

    private static boolean multiple(Shape large, Shape small) {
        int factor = large.height() / small.height();
        return large.height() == factor * small.height() && large.width() == factor * small.width();
    }

    /** The outputs of all stages. */
    Set<String> needs() {
        Set<String> needs = new LinkedHashSet<>();
        for (Pair.Stages each : stages) {
            needs.add(student(each));
            needs.add(teacher(each));
        }
        return needs;
    }

    /** The sum of a formula over the outputs of all stages. */
    MethodLoss.Term sum(Map<String, Tensor> values, Formula formula) {
        double sum = 0;
        Map<String, Tensor> gradients = new HashMap<>();
        for (Pair.Stages each : stages) {
            StudentLoss found = formula.of(values.get(student(each)), values.get(teacher(each)));
            sum += found.value();
            gradients.put(student(each), found.gradient());
        }
        return new MethodLoss.Term(sum, gradients);
    }

    private static String student(Pair.Stages stages) {
        return DistillationMethod.STUDENT + Taps.stage(stages.student());
    }

    private static String teacher(Pair.Stages stages) {
        return DistillationMethod.TEACHER + Taps.stage(stages.teacher());
    }
}
