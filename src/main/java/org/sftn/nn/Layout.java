package org.sftn.nn;

/** The order of a batch of feature maps in memory. */
public enum Layout {
    /** {@code batch x channels x height x width} */
    CHANNELS_FIRST,
    /** {@code batch x height x width x channels} */
    CHANNELS_LAST
}
