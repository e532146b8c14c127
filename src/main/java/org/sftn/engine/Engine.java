package org.sftn.engine;

import java.util.Set;
import org.sftn.conf.EngineSettings.Precision;
import org.sftn.nn.Layout;
import org.sftn.nn.Network;

/** Turns a network description into something that computes. */
public interface Engine {
    /** The name in the configuration. */
    String name();

    /** What computes, for the start banner: library, version, instruction set, threads. */
    String description();

    /** In which it computes: fp32 or bf16. */
    Precision precision();

    /** What multiplies for it, and its version, such as "oneDNN 3.11.2". */
    String library();

    /** What of the processor the library takes, in words, such as "AVX2". */
    String instructions();

    /** Its threads, at least 1. The bits of its results depend on their number. */
    int threads();

    /** The layout in which it takes batches of images fastest; it always takes {@link Layout#CHANNELS_FIRST}. */
    Layout imageLayout();

    /** For losses, with as many threads as the engine; closed by who asks for it. */
    Arithmetic arithmetic();

    /**
     * A network that can be trained: batch-norm uses the batch's statistics.
     *
     * @param outputs taps that {@link Executable#forward} returns; the others may not be computed
     * @param batch the largest batch that will be passed, at least 1
     */
    TrainingExecutable compileForTraining(Network network, Set<String> outputs, int batch);

    /** A network in evaluation mode: batch-norm uses the running statistics, nothing is kept for a backward pass. */
    Executable compileForInference(Network network, Set<String> outputs, int batch);
}
