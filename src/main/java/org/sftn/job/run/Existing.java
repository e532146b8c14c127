package org.sftn.job.run;

/** What to do with an output folder that holds a run. */
public enum Existing {
    REFUSE,
    RESUME,
    OVERWRITE
}
