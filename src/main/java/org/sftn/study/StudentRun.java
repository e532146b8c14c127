package org.sftn.study;

import java.util.Collections;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * A student that a study trains: a {@link Cell} to be.
 *
 * @param name unique in the study: the folder of its run
 * @param teacherRun the name of its teacher's run; null for a student alone
 * @param teacher that teacher's kind; null for a student alone
 * @param varied the settings that the study varies and that this student depends on
 * @param settings by key, on top of the study's
 */
public record StudentRun(
        String name,
        @Nullable String teacherRun,
        Networks networks,
        @Nullable String teacher,
        String method,
        SortedMap<String, String> varied,
        long seed,
        SortedMap<String, String> settings) {
    public StudentRun {
        varied = Collections.unmodifiableSortedMap(new TreeMap<>(varied));
        settings = Collections.unmodifiableSortedMap(new TreeMap<>(settings));
    }
}
