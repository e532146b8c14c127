package org.sftn.study;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What a single training run has left.
 *
 * @param job that trained
 * @param name one line, such as its folder's
 * @param status how it ended, or that it has not
 * @param provenance what it was made of and by, in order
 * @param configuration the settings that it read
 */
public record TrainedRun(
        String job,
        String name,
        String status,
        List<Origin> provenance,
        SortedMap<String, String> configuration,
        MetricsTable metrics) {
    public TrainedRun {
        provenance = List.copyOf(provenance);
        configuration = Collections.unmodifiableSortedMap(new TreeMap<>(configuration));
    }

    /** Such as the data set and its identity. */
    public record Origin(String name, String value) {}

    /** Of all rows, in their order. */
    public List<String> columns() {
        return metrics.rows().isEmpty()
                ? List.of()
                : new ArrayList<>(metrics.rows().get(0).keySet());
    }
}
