package org.sftn.distill;

import java.io.Serializable;
import java.util.Map;

/**
 * A student's loss: weighted cross-entropy with the labels, and the terms of methods.
 *
 * @param terms by the name under which they are reported; a term's module has its names behind it
 */
public record Recipe(double crossEntropyWeight, Map<String, DistillationMethod> terms) implements Serializable {
    public Recipe {
        terms = Map.copyOf(terms);
    }

    /** Whether any term wants a teacher. */
    public boolean needsTeacher() {
        return !terms.isEmpty();
    }
}
