package org.sftn.engine.onednn;

import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import org.sftn.conf.EngineSettings.Precision;
import org.sftn.conf.UserException;
import org.sftn.engine.Arithmetic;
import org.sftn.engine.Engine;
import org.sftn.engine.Executable;
import org.sftn.engine.TrainingExecutable;
import org.sftn.engine.mkl.MklArithmetic;
import org.sftn.nn.Layout;
import org.sftn.nn.Network;

/**
 * The fast engine: a network becomes a flat list of oneDNN's primitives with fixed arguments in memory that is planned once. In bf16,
 * activations and their gradients are bf16; master weights, gradients of weights, batch statistics, vectors and logits are fp32.
 *
 * <p>Equal inputs give equal bits on one kind of processor with one number of threads. Threads are OpenMP's: any other busy process
 * on their cores slows them many times over.
 */
public final class OneDnnEngine implements Engine {
    /** The name in the configuration. */
    public static final String NAME = "onednn";

    private final Type precision;
    private final int threads;

    /**
     * @param threads at least 1
     * @throws UserException when this machine cannot compute in the precision that is asked for
     * @throws IllegalStateException when the library does not run on this machine; see {@link #refusal}
     */
    public OneDnnEngine(Precision precision, int threads) {
        if (threads < 1) {
            throw new IllegalArgumentException("an engine needs at least 1 thread, not " + threads);
        }
        Library library = Library.get();
        if (precision == Precision.BF16 && !library.trainsInBf16()) {
            throw new UserException(String.format(
                    Locale.ROOT,
                    "engine.precision is bf16, which this processor (%s) cannot train in; set it to fp32 or auto",
                    library.instructions(Type.BF16)));
        }
        boolean bf16 = precision == Precision.BF16 || precision == Precision.AUTO && library.multipliesBf16();
        this.precision = bf16 ? Type.BF16 : Type.F32;
        this.threads = threads;
    }

    /** Why this machine cannot load the library; empty when it can. */
    public static Optional<String> refusal() {
        return Library.refusal();
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public String description() {
        Library library = Library.get();
        String without = library.multipliesBf16()
                ? ""
                : precision == Type.BF16 ? " (slow: the processor has no bf16)" : " (the processor has no bf16)";
        return String.format(
                Locale.ROOT,
                "onednn %s, %s on %s%s, %d %s",
                library.version(),
                precision == Type.BF16 ? "bf16" : "fp32",
                library.instructions(precision),
                without,
                threads,
                threads == 1 ? "thread" : "threads");
    }

    @Override
    public Precision precision() {
        return precision == Type.BF16 ? Precision.BF16 : Precision.FP32;
    }

    @Override
    public String library() {
        return "oneDNN " + Library.get().version();
    }

    @Override
    public String instructions() {
        return Library.get().instructions(precision);
    }

    @Override
    public int threads() {
        return threads;
    }

    @Override
    public Layout imageLayout() {
        return Layout.CHANNELS_LAST;
    }

    @Override
    public Arithmetic arithmetic() {
        return new MklArithmetic(threads);
    }

    @Override
    public TrainingExecutable compileForTraining(Network network, Set<String> outputs, int batch) {
        return new OneDnnTrainingExecutable(network, outputs, precision, batch, threads);
    }

    @Override
    public Executable compileForInference(Network network, Set<String> outputs, int batch) {
        return new OneDnnExecutable(network, outputs, precision, batch, threads);
    }
}
