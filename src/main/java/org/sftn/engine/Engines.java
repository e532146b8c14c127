package org.sftn.engine;

import java.util.Map;
import java.util.TreeMap;
import java.util.function.IntFunction;
import org.sftn.conf.EngineSettings;
import org.sftn.conf.Nearest;
import org.sftn.conf.UserException;
import org.sftn.engine.bigdl.BigDlEngine;

/** All engines by name. A new one is its own package and its row here. */
public final class Engines {
    /** Makers by name, each from the number of threads. */
    private static final Map<String, IntFunction<Engine>> MAKERS =
            new TreeMap<>(Map.of(BigDlEngine.NAME, BigDlEngine::new));

    private Engines() {}

    /**
     * @param cores what the settings mean by 0 threads, at least 1
     * @throws UserException when there is no such engine
     */
    public static Engine create(EngineSettings settings, int cores) {
        IntFunction<Engine> maker = MAKERS.get(settings.name());
        if (maker == null) {
            throw new UserException("there is no engine '" + settings.name() + "' among "
                    + String.join(", ", MAKERS.keySet()) + Nearest.suggestion(settings.name(), MAKERS.keySet()));
        }
        return maker.apply(settings.threads() == 0 ? cores : settings.threads());
    }
}
