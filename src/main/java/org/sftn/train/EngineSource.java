package org.sftn.train;

import java.io.Serializable;
import org.sftn.engine.Engine;

/** Starts the engine on an executor. */
@FunctionalInterface
public interface EngineSource extends Serializable {
    /** @param cores that Spark gives the calling task */
    Engine open(int cores);
}
