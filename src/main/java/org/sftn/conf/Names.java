package org.sftn.conf;

import java.util.Locale;

/** The configuration's spelling of Java names. */
final class Names {
    private Names() {}

    /** {@code globalBatch} and {@code GLOBAL_BATCH} to {@code global-batch}. */
    static String kebab(String name) {
        return name.replaceAll("([a-z0-9])([A-Z])", "$1-$2").replace('_', '-').toLowerCase(Locale.ROOT);
    }
}
