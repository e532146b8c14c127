package org.sftn.conf;

import com.typesafe.config.ConfigMemorySize;

/** {@code data}: see reference.conf for each key. */
public record DataSettings(
        String path, int trainImages, int testImages, ConfigMemorySize memory, int cropPadding, boolean horizontalFlip) {}
