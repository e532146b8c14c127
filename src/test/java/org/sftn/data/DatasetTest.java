package org.sftn.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.apache.spark.BarrierTaskContext;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.sftn.conf.PrepareSettings;
import org.sftn.conf.PrepareSettings.Labels;
import org.sftn.conf.PrepareSettings.Store;
import org.sftn.conf.Settings;
import org.sftn.conf.UserException;
import org.sftn.nn.Layout;

class DatasetTest {
    private static SparkSession spark;

    @TempDir
    static Path folder;

    @TempDir
    Path copy;

    @BeforeAll
    static void start() {
        spark = SparkSession.builder()
                .master("local[2]")
                .config("spark.ui.enabled", false)
                .getOrCreate();
        PrepareSettings settings = new PrepareSettings(
                PrepareSettings.Source.GENERATED,
                "",
                Labels.FINE,
                "",
                "",
                8,
                Store.PIXELS,
                0,
                30,
                new PrepareSettings.Generated(4, 103, 20));
        new Preparer(spark, settings, 5).prepare(folder.resolve("set").toString());
    }

    @AfterAll
    static void stop() {
        spark.stop();
    }

    private static Dataset dataset() {
        return Dataset.open(spark, folder.resolve("set").toString());
    }

    @Test
    void eachRankGetsItsSharePartitionByPartition() {
        List<List<Long>> byRank =
                dataset().samples("train", 0, 4).map(Sample::index).glom().collect();

        assertThat(byRank).hasSize(4);
        for (int rank = 0; rank < 4; rank++) {
            int r = rank;
            assertThat(byRank.get(rank))
                    .containsExactlyInAnyOrderElementsOf(LongStream.range(0, 103)
                            .filter(i -> i % 4 == r)
                            .boxed()
                            .toList());
        }
    }

    @Test
    void aLimitTakesTheFirstIndices() {
        assertThat(dataset().samples("train", 41, 2).map(Sample::index).collect())
                .containsExactlyInAnyOrderElementsOf(
                        LongStream.range(0, 41).boxed().toList());
        assertThat(dataset().count("train", 41)).isEqualTo(41);
        assertThat(dataset().count("train", 0)).isEqualTo(103);
        assertThat(dataset().count("test", 500)).isEqualTo(20);
        assertThat(dataset().samples("test", 500, 3).count()).isEqualTo(20);
    }

    @Test
    void aBarrierStageLoadsItsStoresAndMakesBatches() {
        Preprocessing preprocessing =
                Preprocessing.of(dataset().manifest(), Settings.of(List.of()).data());
        long total = dataset().count("train", 0);
        String spill = folder.toString();
        List<Long> seen = dataset()
                .samples("train", 0, 2)
                .rdd()
                .barrier()
                .<Long>mapPartitions(
                        scalaFunction(samples -> indices(samples, total, preprocessing, spill)), false, tag(Long.class))
                .toJavaRDD()
                .collect();

        assertThat(seen)
                .containsExactlyInAnyOrderElementsOf(
                        LongStream.range(0, 103).boxed().toList());
    }

    private static java.util.Iterator<Long> indices(
            java.util.Iterator<Sample> samples, long total, Preprocessing preprocessing, String spill)
            throws IOException {
        BarrierTaskContext context = BarrierTaskContext.get();
        context.barrier();
        Sampler sampler = new Sampler(total, 8, context.partitionId(), 2, 1);
        List<Long> indices = new ArrayList<>();
        try (SampleStore store = SampleStore.load(samples, 1000, Path.of(spill))) {
            BatchLoader loader = new BatchLoader(store, preprocessing, Layout.CHANNELS_FIRST, 1);
            for (int b = 0; b < sampler.batches(); b++) {
                int[] positions = sampler.positions(0, b);
                if (positions.length > 0) {
                    LongStream.of(loader.training(0, positions).indices()).forEach(indices::add);
                }
            }
        }
        return indices.iterator();
    }

    private interface Body extends java.io.Serializable {
        java.util.Iterator<Long> apply(java.util.Iterator<Sample> samples) throws IOException;
    }

    private static final class ScalaFunction
            extends scala.runtime.AbstractFunction1<scala.collection.Iterator<Sample>, scala.collection.Iterator<Long>>
            implements java.io.Serializable {
        private final Body body;

        ScalaFunction(Body body) {
            this.body = body;
        }

        @Override
        public scala.collection.Iterator<Long> apply(scala.collection.Iterator<Sample> samples) {
            try {
                return scala.collection.JavaConversions.asScalaIterator(
                        body.apply(scala.collection.JavaConversions.asJavaIterator(samples)));
            } catch (IOException e) {
                throw new java.io.UncheckedIOException(e);
            }
        }
    }

    private static ScalaFunction scalaFunction(Body body) {
        return new ScalaFunction(body);
    }

    private static <T> scala.reflect.ClassTag<T> tag(Class<T> type) {
        return scala.reflect.ClassTag$.MODULE$.apply(type);
    }

    private Path copied() throws IOException {
        Path source = folder.resolve("set");
        try (var all = Files.walk(source)) {
            for (Path path : all.filter(p -> !p.getFileName().toString().endsWith(".crc"))
                    .toList()) {
                if (!path.equals(source)) {
                    Files.copy(path, copy.resolve(source.relativize(path)));
                }
            }
        }
        return copy;
    }

    @Test
    void aMissingShardIsNamed() throws IOException {
        Path set = copied();
        Files.delete(set.resolve("train/part-00002.parquet"));

        assertThatThrownBy(() -> Dataset.open(spark, set.toString()))
                .isInstanceOf(UserException.class)
                .hasMessage("the data set cannot be used: %s/train/part-00002.parquet is missing", set);
    }

    @Test
    void aShortenedShardIsNamed() throws IOException {
        Path set = copied();
        Path shard = set.resolve("test/part-00000.parquet");
        byte[] bytes = Files.readAllBytes(shard);
        Files.write(shard, java.util.Arrays.copyOf(bytes, bytes.length - 1));

        assertThatThrownBy(() -> Dataset.open(spark, set.toString()))
                .isInstanceOf(UserException.class)
                .hasMessage("the data set cannot be used: %s has %d bytes, the manifest says %d"
                        .formatted(shard, bytes.length - 1, bytes.length));
    }

    @Test
    void aDamagedShardOfTheRightSizeIsNamed() throws IOException {
        Path set = copied();
        Path shard = set.resolve("test/part-00000.parquet");
        Files.write(shard, new byte[(int) Files.size(shard)]);

        assertThatThrownBy(() -> Dataset.open(spark, set.toString())
                        .samples("test", 0, 1)
                        .collect())
                .hasMessageContaining("the shard " + shard + " is damaged before image 0");
    }

    @Test
    void withoutManifestThereIsNoDataSet() {
        assertThatThrownBy(() -> Dataset.open(spark, copy.toString()))
                .isInstanceOf(UserException.class)
                .hasMessage("there is no data set in " + copy + ": manifest.json is missing");
        assertThatThrownBy(() -> Dataset.open(spark, ""))
                .isInstanceOf(UserException.class)
                .hasMessage("no data set can be opened: its path is empty (data.path)");
    }

    @Test
    void damagedManifestsAreRefusedWithTheReason() throws IOException {
        String good = Files.readString(copied().resolve("manifest.json"));

        refused("{", "Unexpected end-of-input");
        refused("[]", "has format unknown, this version reads 1");
        refused(good.replace("\"format\" : 1", "\"format\" : 2"), "has format 2, this version reads 1");
        refused(
                good.replace("\"images\" : 103", "\"images\" : 104"),
                "is damaged: the classes do not add up to 104 images");
        refused(
                good.replaceFirst("\"images\" : 30", "\"images\" : 29"),
                "is damaged: the shards do not add up to 103 images");
        refused(
                good.replaceFirst("part-00000.parquet", "../../secret"),
                "is damaged: '../../secret' cannot be a shard");
        refused(good.replace("\"imageSize\" : 8", "\"imageSize\" : 0"), "is damaged: images of size 0");
        refused(good.replaceFirst("\"imageSize\" : 8,", ""), "imageSize");
        refused(
                good.replaceFirst("\"mean\" : \\[ [0-9.]+", "\"mean\" : [ 7.5"),
                "is damaged: values cannot be normalised by mean [7.5,");
        refused(good.replaceFirst("\"sha256\" : \"..", "\"sha256\" : \"zz"), "is not a SHA-256");
    }

    private void refused(String manifest, String reason) throws IOException {
        Files.deleteIfExists(copy.resolve(".manifest.json.crc"));
        Files.writeString(copy.resolve("manifest.json"), manifest);

        assertThatThrownBy(() -> Dataset.open(spark, copy.toString()))
                .isInstanceOf(UserException.class)
                .hasMessageContaining("the data set cannot be used: " + copy + "/manifest.json")
                .hasMessageContaining(reason);
    }

    @Test
    void anUnknownSplitIsRefused() {
        assertThatThrownBy(() -> dataset().count("validation", 0))
                .isInstanceOf(UserException.class)
                .hasMessage("there is no split 'validation': it is train or test");
    }

    @Test
    void asManyRanksAsImagesAndMore() {
        List<List<Long>> byRank =
                dataset().samples("test", 0, 25).map(Sample::index).glom().collect();

        assertThat(byRank.stream().map(List::size))
                .containsExactlyElementsOf(
                        IntStream.range(0, 25).mapToObj(r -> r < 20 ? 1 : 0).toList());
    }
}
