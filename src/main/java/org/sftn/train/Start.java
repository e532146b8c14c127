package org.sftn.train;

/** Where a run begins. */
public enum Start {
    /** At the beginning; refused when there are checkpoints. */
    NEW,
    /** At the last checkpoint that is whole, or at the beginning when there is none. */
    RESUME
}
