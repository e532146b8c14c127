package org.sftn.conf;

import com.typesafe.config.ConfigMemorySize;
import org.sftn.conf.Limit.AtLeast;

/** {@code data}: see reference.conf for each key. */
public record DataSettings(
        String path,
        @AtLeast(0) int trainImages,
        @AtLeast(0) int testImages,
        @AtLeast(0) ConfigMemorySize memory,
        @AtLeast(0) int cropPadding,
        boolean horizontalFlip) {}
