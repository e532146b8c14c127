package org.sftn.conf;

import java.io.Serializable;
import org.sftn.conf.Limit.AtLeast;

/** {@code distill} without the methods' own blocks: see reference.conf for each key. */
public record DistillSettings(
        String teacher,
        String student,
        String method,
        @AtLeast(0) double addKd) implements Serializable {}
