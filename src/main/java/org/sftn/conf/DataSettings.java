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
        boolean horizontalFlip,
        @AtLeast(1) int shuffleBuffer,
        @AtLeast(0) int decodeThreads,
        Damaged damaged) {
    /** What to do with images that are not what prepare wrote. */
    public enum Damaged {
        FAIL,
        SKIP
    }
}
