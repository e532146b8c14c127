package org.sftn;

import java.util.List;
import java.util.Map;
import org.sftn.conf.Settings;

/** The defaults except for what a test says. */
public final class TestSettings {
    private TestSettings() {}

    /** @param values texts by key, as after {@code --set} */
    public static Settings with(Map<String, String> values) {
        return Settings.of(List.of(Settings.assignments(values, "test")));
    }
}
