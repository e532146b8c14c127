package org.sftn.conf;

import com.typesafe.config.ConfigMemorySize;
import org.sftn.conf.Limit.AtLeast;
import org.sftn.conf.Limit.AtMost;

/** {@code prepare} without the sources' own blocks: see reference.conf for each key. */
public record PrepareSettings(
        String source,
        String input,
        DamagedTars damagedTars,
        String classNames,
        @AtLeast(8) int imageSize,
        Store store,
        @AtLeast(0) int shorterSide,
        @AtLeast(0) @AtMost(1) double maxRejectedShare,
        @AtLeast(1) ConfigMemorySize shardSize) {
    /** What to do with a tar that is cut off. */
    public enum DamagedTars {
        FAIL,
        SKIP
    }

    /** What a shard holds of an image. */
    public enum Store {
        PIXELS,
        FILES
    }
}
