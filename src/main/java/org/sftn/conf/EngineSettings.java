package org.sftn.conf;

import java.io.Serializable;
import org.sftn.conf.Limit.AtLeast;

/** {@code engine}: see reference.conf for each key. */
public record EngineSettings(String name, @AtLeast(0) int threads) implements Serializable {}
