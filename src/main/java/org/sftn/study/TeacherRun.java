package org.sftn.study;

import java.util.Collections;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * A teacher that a study trains.
 *
 * @param name unique in the study: the folder of its run
 * @param startsFrom the name of the run whose model it starts from, which stands before it in the plan; null for new weights
 * @param settings by key, on top of the study's
 */
public record TeacherRun(String name, @Nullable String startsFrom, SortedMap<String, String> settings) {
    public TeacherRun {
        settings = Collections.unmodifiableSortedMap(new TreeMap<>(settings));
    }
}
