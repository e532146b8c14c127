package org.sftn;

import java.util.Map;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaSparkContext;

/** Spark in the test's process. */
public final class LocalSpark {
    private LocalSpark() {}

    /** @param cores tasks at a time */
    public static JavaSparkContext start(int cores) {
        return start(cores, Map.of());
    }

    /** @param more settings of Spark */
    public static JavaSparkContext start(int cores, Map<String, String> more) {
        SparkConf conf = new SparkConf()
                .setAppName("test")
                .setMaster("local[" + cores + "]")
                .set("spark.ui.enabled", "false");
        more.forEach(conf::set);
        return new JavaSparkContext(conf);
    }
}
