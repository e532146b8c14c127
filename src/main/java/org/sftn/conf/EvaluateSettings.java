package org.sftn.conf;

import org.sftn.conf.Limit.AtLeast;

/** {@code evaluate}: see reference.conf for each key. */
public record EvaluateSettings(
        String model,
        String teacher,
        Split split,
        @AtLeast(1) int batch,
        boolean predictions) {
    /** A part of the data set. */
    public enum Split {
        TRAIN,
        TEST
    }
}
