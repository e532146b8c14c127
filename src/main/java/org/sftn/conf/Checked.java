package org.sftn.conf;

/** A record of settings with rules beyond the limits of its single values. */
public interface Checked {
    /**
     * Called after binding, when every value is within its limits.
     *
     * @param path of this record in the configuration, for messages
     */
    void check(String path, Problems problems);
}
