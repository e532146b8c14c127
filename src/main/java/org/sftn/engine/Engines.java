package org.sftn.engine;

import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.sftn.conf.EngineSettings;
import org.sftn.conf.EngineSettings.Precision;
import org.sftn.conf.NativeCode;
import org.sftn.conf.Nearest;
import org.sftn.conf.UserException;
import org.sftn.engine.bigdl.BigDlEngine;
import org.sftn.engine.onednn.OneDnnEngine;
import org.sftn.nn.Layout;
import org.sftn.nn.Network;

/** All engines by name. A new one is its own package and its row here. */
public final class Engines {
    @FunctionalInterface
    private interface Maker {
        Engine make(Precision precision, int threads);
    }

    /** An engine in place of the one that was asked for. */
    private record Fallback(Engine engine, String reason) implements Engine {
        @Override
        public String name() {
            return engine.name();
        }

        @Override
        public String description() {
            return engine.description() + " (" + reason + ")";
        }

        @Override
        public Precision precision() {
            return engine.precision();
        }

        @Override
        public String library() {
            return engine.library();
        }

        @Override
        public String instructions() {
            return engine.instructions();
        }

        @Override
        public int threads() {
            return engine.threads();
        }

        @Override
        public Layout imageLayout() {
            return engine.imageLayout();
        }

        @Override
        public Arithmetic arithmetic() {
            return engine.arithmetic();
        }

        @Override
        public TrainingExecutable compileForTraining(Network network, Set<String> outputs, int batch) {
            return engine.compileForTraining(network, outputs, batch);
        }

        @Override
        public Executable compileForInference(Network network, Set<String> outputs, int batch) {
            return engine.compileForInference(network, outputs, batch);
        }
    }

    private static final Map<String, Maker> MAKERS =
            new TreeMap<>(Map.of(BigDlEngine.NAME, Engines::bigDl, OneDnnEngine.NAME, Engines::oneDnn));

    private Engines() {}

    /**
     * An engine of the precision that is asked for. Where oneDNN does not run, {@code onednn} gives {@code bigdl}, unless bf16 is
     * asked for; its description says so.
     *
     * @param cores what the settings mean by 0 threads, at least 1
     * @throws UserException when there is no such engine, it cannot compute in this precision on this machine, or no native library can be
     *     unpacked here
     */
    public static Engine create(EngineSettings settings, int cores) {
        Maker maker = MAKERS.get(settings.name());
        if (maker == null) {
            throw new UserException("there is no engine '" + settings.name() + "' among "
                    + String.join(", ", MAKERS.keySet()) + Nearest.suggestion(settings.name(), MAKERS.keySet()));
        }
        NativeCode.folder();
        return maker.make(settings.precision(), settings.threads() == 0 ? cores : settings.threads());
    }

    private static Engine bigDl(Precision precision, int threads) {
        if (precision == Precision.BF16) {
            throw new UserException("engine.precision is bf16, but engine.name is bigdl, which computes in fp32 only");
        }
        return new BigDlEngine(threads);
    }

    private static Engine oneDnn(Precision precision, int threads) {
        if (OneDnnEngine.refusal().isEmpty()) {
            return new OneDnnEngine(precision, threads);
        }
        String refusal =
                "oneDNN does not run on this machine: " + OneDnnEngine.refusal().get();
        if (precision == Precision.BF16) {
            throw new UserException(
                    "engine.precision is bf16, but " + refusal + "; set engine.precision to fp32 or auto");
        }
        return new Fallback(new BigDlEngine(threads), refusal);
    }
}
