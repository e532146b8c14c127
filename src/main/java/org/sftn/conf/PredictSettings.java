package org.sftn.conf;

import com.typesafe.config.ConfigMemorySize;
import org.sftn.conf.Limit.AtLeast;

/** {@code predict}: see reference.conf for each key. */
public record PredictSettings(
        String model,
        Source source,
        String input,
        @AtLeast(0) int resize,
        @AtLeast(1) ConfigMemorySize partSize,
        @AtLeast(1) int batch,
        @AtLeast(1) int top,
        boolean logits,
        boolean features,
        boolean csv) {
    /** What the images lie in. */
    public enum Source {
        FILES,
        TARS
    }
}
