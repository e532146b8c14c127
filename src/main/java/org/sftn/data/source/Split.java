package org.sftn.data.source;

import java.util.Locale;
import org.sftn.conf.UserException;

/** The two parts of a data set. */
public enum Split {
    TRAIN,
    TEST;

    /** The name of its folder, and what users call it. */
    public String key() {
        return name().toLowerCase(Locale.ROOT);
    }

    public static Split of(String key) {
        for (Split split : values()) {
            if (split.key().equals(key)) {
                return split;
            }
        }
        throw new UserException("there is no split '" + key + "': it is train or test");
    }
}
