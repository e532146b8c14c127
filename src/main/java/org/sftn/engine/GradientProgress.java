package org.sftn.engine;

/** Is told how far a backward pass has come. */
@FunctionalInterface
public interface GradientProgress {
    /**
     * Called between operations, by one thread at a time, before {@link TrainingExecutable#backward} returns. What it throws, that
     * method throws.
     *
     * @param values of {@link TrainingExecutable#gradients} from the first on that are final; not less than the time before, in the end
     *     all
     */
    void ready(int values);
}
