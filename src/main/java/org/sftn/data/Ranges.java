package org.sftn.data;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;

/** Cuts numbered work into tasks. */
final class Ranges {
    private Ranges() {}

    /** The numbers first to end - 1. */
    record Range(int first, int end) implements Serializable {}

    /** The numbers 0 to count - 1, a range of at most {@code most} a partition. */
    static JavaRDD<Range> of(JavaSparkContext spark, int count, int most) {
        List<Range> ranges = new ArrayList<>();
        for (int first = 0; first < count; first += most) {
            ranges.add(new Range(first, Math.min(count, first + most)));
        }
        return spark.parallelize(ranges, Math.max(1, ranges.size()));
    }
}
