package org.sftn.data;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.sftn.TestSettings;
import org.sftn.conf.DataSettings.Damaged;
import org.sftn.conf.Settings;
import org.sftn.data.image.TestImages;
import org.sftn.data.shard.Manifest;
import org.sftn.data.shard.Preparer;
import org.sftn.data.source.GeneratedImages;
import org.sftn.data.source.Split;

/** Data sets for tests. */
public final class TestData {
    private TestData() {}

    public static Manifest prepare(JavaSparkContext spark, Settings settings, long seed, Path out) {
        PrintStream progress = new PrintStream(new ByteArrayOutputStream(), true, StandardCharsets.UTF_8);
        try {
            return new Preparer(spark, settings, seed, progress).prepare(out.toString());
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    /**
     * Drawn images as PNG files in {@code in/train} and {@code in/test}, a folder per class.
     *
     * @return as a data set of files, in several shards
     */
    public static Manifest prepareFiles(
            JavaSparkContext spark, Path in, int size, int classes, int train, int test, Path out) throws IOException {
        GeneratedImages images = new GeneratedImages(size, 3);
        for (int i = 0; i < train + test; i++) {
            int label = i % classes;
            Split split = i < train ? Split.TRAIN : Split.TEST;
            byte[] planes = images.planes(split, i, label);
            BufferedImage image = new BufferedImage(size, size, BufferedImage.TYPE_INT_RGB);
            for (int p = 0; p < size * size; p++) {
                int rgb = (planes[p] & 0xFF) << 16
                        | (planes[size * size + p] & 0xFF) << 8
                        | planes[2 * size * size + p] & 0xFF;
                image.setRGB(p % size, p / size, rgb);
            }
            Path folder = Files.createDirectories(in.resolve(split.key()).resolve("class " + label));
            Files.write(folder.resolve(String.format(Locale.ROOT, "image %03d.png", i)), TestImages.file(image, "png"));
        }
        Settings settings = TestSettings.with(Map.of(
                "prepare.source", "image-folder",
                "prepare.input", in.toString(),
                "prepare.store", "files",
                "prepare.image-size", Integer.toString(size),
                "prepare.shard-size", "4000B"));
        return prepare(spark, settings, 5, out);
    }

    /** All images of a split by index, whatever way they are held. */
    public static List<Sample> samples(JavaSparkContext spark, Path data, String split) {
        JavaRDD<RankData> given =
                Dataset.open(spark, data.toString(), Damaged.FAIL).byRank(split, 0, 1);
        return samples(given.collect().iterator());
    }

    private static List<Sample> samples(Iterator<RankData> given) {
        List<Sample> samples = new ArrayList<>();
        try (RankImages images = RankImages.open(given, new RankImages.Holding(1 << 30, 1), new Configuration())) {
            images.inOrder().forEachRemaining(samples::add);
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
        return samples;
    }
}
