package org.sftn.nn;

/** The names of the input and the taps that every architecture of the zoo has. */
public final class Taps {
    /** The network's only input. */
    public static final String IMAGE = "image";

    public static final String STEM = "stem";
    /** The map that global pooling, or flattening, takes. */
    public static final String LAST_MAP = "last-map";
    /** The vector that the last linear layer takes: after global pooling, or after the linear layers before. */
    public static final String POOLED = "pooled";
    /** The classifier's output before softmax. */
    public static final String LOGITS = "logits";

    private Taps() {}

    /**
     * A stage's output, after its last ReLU (for a pre-activation network the raw sum).
     *
     * @param stage from 1
     */
    public static String stage(int stage) {
        return "stage" + stage;
    }

    /**
     * A stage's output after its last batch-norm and before the ReLU that follows it.
     *
     * @param stage from 1
     */
    public static String stagePreActivation(int stage) {
        return "stage" + stage + ".pre-activation";
    }
}
