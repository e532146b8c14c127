package org.sftn.conf;

/** {@code evaluate}: see reference.conf for each key. */
public record EvaluateSettings(String model, String split, int batch, boolean predictions) {}
