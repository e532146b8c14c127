package org.sftn.conf;

import java.io.Serializable;

/** {@code distill} without the methods' own blocks: see reference.conf for each key. */
public record DistillSettings(String teacher, String student, String method) implements Serializable {}
