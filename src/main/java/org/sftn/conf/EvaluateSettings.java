package org.sftn.conf;

import org.sftn.conf.Limit.AtLeast;

/** {@code evaluate}: see reference.conf for each key. */
public record EvaluateSettings(String model, String split, @AtLeast(1) int batch, boolean predictions) {}
