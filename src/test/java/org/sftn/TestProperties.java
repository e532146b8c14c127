package org.sftn;

import java.util.Map;
import java.util.TreeMap;

/** System properties that are set until this is closed; then they are again what they were. */
public final class TestProperties implements AutoCloseable {
    private final Map<String, String> before = new TreeMap<>();

    private TestProperties(Map<String, String> values) {
        values.forEach((key, value) -> before.put(key, set(key, value)));
    }

    public static TestProperties with(Map<String, String> values) {
        return new TestProperties(values);
    }

    private static String set(String key, String value) {
        return value == null ? System.clearProperty(key) : System.setProperty(key, value);
    }

    @Override
    public void close() {
        before.forEach(TestProperties::set);
    }
}
