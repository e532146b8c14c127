package org.sftn.conf;

import java.util.ArrayList;
import java.util.List;

/** Collects all that is wrong with a configuration, so that one run shows every mistake. */
public final class Problems {
    private final List<String> found = new ArrayList<>();

    public void add(String problem) {
        found.add(problem);
    }

    public boolean isEmpty() {
        return found.isEmpty();
    }

    /** @throws UserException naming all problems, when there are any */
    public void throwIfAny() {
        if (found.size() == 1) {
            throw new UserException("the configuration cannot be used: " + found.get(0));
        }
        if (found.size() > 1) {
            throw new UserException("the configuration cannot be used, it has " + found.size() + " problems:\n  "
                    + String.join("\n  ", found));
        }
    }
}
