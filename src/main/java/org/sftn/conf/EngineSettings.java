package org.sftn.conf;

import java.io.Serializable;

/** {@code engine}: see reference.conf for each key. */
public record EngineSettings(String name, int threads) implements Serializable {}
