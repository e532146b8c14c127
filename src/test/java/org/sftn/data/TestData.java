package org.sftn.data;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.sql.SparkSession;
import org.sftn.conf.DataSettings.Damaged;
import org.sftn.conf.PrepareSettings;

/** Data sets for tests. */
public final class TestData {
    private TestData() {}

    public static Manifest prepare(SparkSession spark, PrepareSettings settings, long seed, Path out) {
        PrintStream progress = new PrintStream(new ByteArrayOutputStream(), true, StandardCharsets.UTF_8);
        try {
            return new Preparer(spark, settings, seed, progress).prepare(out.toString());
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    /** All images of a split by index, whatever way they are held. */
    public static List<Sample> samples(SparkSession spark, Path data, String split) {
        JavaRDD<Portion> portions =
                Dataset.open(spark, data.toString(), Damaged.FAIL).portions(split, 0, 1);
        return samples(portions.collect().iterator());
    }

    private static List<Sample> samples(Iterator<Portion> portions) {
        List<Sample> samples = new java.util.ArrayList<>();
        try (RankImages images =
                RankImages.open(portions, new RankImages.Holding(1 << 30, Path.of("."), 1), new Configuration())) {
            images.inOrder().forEachRemaining(samples::add);
        } catch (java.io.IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
        return samples;
    }
}
