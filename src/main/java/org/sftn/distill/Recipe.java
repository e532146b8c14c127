package org.sftn.distill;

import java.util.Map;
import org.sftn.nn.Tensor;
import org.sftn.zoo.Architecture;

/**
 * A student's loss: weighted cross-entropy with the labels, and the terms of methods.
 *
 * @param crossEntropyWeight 0 for none
 * @param terms by the name under which they are reported; a term's module has its names behind it
 * @param student what is trained and saved
 * @param fixedValues values of the student that are not trained, by name
 */
public record Recipe(
        double crossEntropyWeight,
        Map<String, DistillationMethod> terms,
        Architecture student,
        Map<String, Tensor> fixedValues) {
    public Recipe {
        terms = Map.copyOf(terms);
        fixedValues = Map.copyOf(fixedValues);
    }

    /** A student that is trained whole. */
    public Recipe(double crossEntropyWeight, Map<String, DistillationMethod> terms, Pair pair) {
        this(crossEntropyWeight, terms, pair.student(), Map.of());
    }

    /** Whether any term wants a teacher. */
    public boolean needsTeacher() {
        return !terms.isEmpty();
    }
}
