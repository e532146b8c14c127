package org.sftn.conf;

import com.typesafe.config.ConfigMemorySize;
import java.io.Serializable;
import java.util.Locale;
import org.sftn.conf.Limit.AtLeast;
import org.sftn.conf.Limit.AtMost;
import org.sftn.conf.Limit.MoreThan;

/** {@code data}: see reference.conf for each key. */
public record DataSettings(
        String path,
        @AtLeast(0) int trainImages,
        @AtLeast(0) int testImages,
        @AtLeast(0) ConfigMemorySize memory,
        Crop crop,
        @AtLeast(0) int cropPadding,
        RandomResizedCrop randomResizedCrop,
        boolean horizontalFlip,
        ColorJitter colorJitter,
        @AtLeast(0) double lighting,
        @AtLeast(0) int evaluationResize,
        @AtLeast(1) int shuffleBuffer,
        @AtLeast(0) int decodeThreads,
        Damaged damaged) {
    /** What to do with images that are not what prepare wrote. */
    public enum Damaged {
        FAIL,
        SKIP
    }

    /** What part of an image training sees. */
    public enum Crop {
        PADDED,
        RANDOM_RESIZED
    }

    /** {@code data.random-resized-crop}. */
    public record RandomResizedCrop(
            @MoreThan(0) @AtMost(1) double minArea,
            @MoreThan(0) @AtMost(1) double maxArea,
            @MoreThan(0) double minRatio,
            @MoreThan(0) double maxRatio)
            implements Serializable, Checked {
        @Override
        public void check(String path, Problems problems) {
            if (minArea > maxArea) {
                problems.add(String.format(
                        Locale.ROOT,
                        "%s.min-area is %s, it must be at most %s.max-area, %s",
                        path,
                        minArea,
                        path,
                        maxArea));
            }
            if (minRatio > maxRatio) {
                problems.add(String.format(
                        Locale.ROOT,
                        "%s.min-ratio is %s, it must be at most %s.max-ratio, %s",
                        path,
                        minRatio,
                        path,
                        maxRatio));
            }
        }
    }

    /** {@code data.color-jitter}. */
    public record ColorJitter(
            @AtLeast(0) double brightness,
            @AtLeast(0) double contrast,
            @AtLeast(0) double saturation) implements Serializable {
        /** No change. */
        public static final ColorJitter NONE = new ColorJitter(0, 0, 0);
    }
}
