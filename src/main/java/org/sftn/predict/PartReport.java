package org.sftn.predict;

import java.io.Serializable;
import org.jspecify.annotations.Nullable;
import org.sftn.train.platform.Platform;

/**
 * What became of one part of the images.
 *
 * @param images all of them
 * @param unusable of these
 * @param firstUnusable the name and the reason of the first of these; null when there is none
 * @param waiting nanoseconds in which a task waited for files
 * @param decoding nanoseconds likewise
 * @param computing nanoseconds likewise
 * @param platform that has computed
 */
public record PartReport(
        long images,
        long unusable,
        @Nullable String firstUnusable,
        long waiting,
        long decoding,
        long computing,
        Platform platform)
        implements Serializable {}
