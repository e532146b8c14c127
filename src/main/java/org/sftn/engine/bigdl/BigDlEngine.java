package org.sftn.engine.bigdl;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Properties;
import java.util.Set;
import org.sftn.conf.EngineSettings.Precision;
import org.sftn.engine.Arithmetic;
import org.sftn.engine.Engine;
import org.sftn.engine.Executable;
import org.sftn.engine.TrainingExecutable;
import org.sftn.engine.mkl.MklArithmetic;
import org.sftn.engine.mkl.MklLibrary;
import org.sftn.nn.Layout;
import org.sftn.nn.Network;

/**
 * The reference: fp32, matrix products on the MKL that BigDL brings, everything else in Java loops. The batch is split over the
 * threads and every sum has a fixed order, so results are a function of the inputs and the number of threads, bit by bit.
 *
 * <p>BigDL's layers are not used. Its convolution unrolls the whole batch (nine times the input's memory for a 3x3 kernel, twice in
 * training), on one thread, took almost twice as long as this engine's when its batch was split likewise, and cannot pass a
 * smaller batch backward after a larger one. Its batch-norm runs on one thread.
 *
 * <p>{@link Executable#parameters()} are in the network's canonical order. Inputs are read, not copied: a training step's must stay
 * as they are until its backward pass is done.
 */
public final class BigDlEngine implements Engine {
    /** The name in the configuration. */
    public static final String NAME = "bigdl";

    private final int threads;

    /**
     * @param threads at least 1
     * @throws IllegalStateException when BigDL's native library does not run on this machine
     */
    public BigDlEngine(int threads) {
        if (threads < 1) {
            throw new IllegalArgumentException("an engine needs at least 1 thread, not " + threads);
        }
        MklLibrary.require();
        this.threads = threads;
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public String description() {
        return "bigdl " + version() + ", MKL-BLAS fp32, " + threads + (threads == 1 ? " thread" : " threads");
    }

    @Override
    public Precision precision() {
        return Precision.FP32;
    }

    @Override
    public String library() {
        return "MKL of BigDL " + version();
    }

    @Override
    public String instructions() {
        return MklLibrary.instructions();
    }

    @Override
    public int threads() {
        return threads;
    }

    @Override
    public Layout imageLayout() {
        return Layout.CHANNELS_FIRST;
    }

    private static String version() {
        Properties properties = new Properties();
        try (InputStream in = BigDlEngine.class.getResourceAsStream("/bigdl-version-info.properties")) {
            properties.load(in);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return properties.getProperty("version");
    }

    @Override
    public Arithmetic arithmetic() {
        return new MklArithmetic(threads);
    }

    @Override
    public TrainingExecutable compileForTraining(Network network, Set<String> outputs, int batch) {
        Parameters parameters = Parameters.of(network, Mode.TRAINING);
        return new BigDlTrainingExecutable(
                network, parameters, new Graph(network, outputs, Mode.TRAINING, batch, threads, parameters));
    }

    @Override
    public Executable compileForInference(Network network, Set<String> outputs, int batch) {
        Parameters parameters = Parameters.of(network, Mode.INFERENCE);
        return new BigDlExecutable(
                network, parameters, new Graph(network, outputs, Mode.INFERENCE, batch, threads, parameters));
    }
}
