package org.sftn.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.apache.spark.api.java.JavaSparkContext;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.sftn.LocalSpark;
import org.sftn.TestSettings;
import org.sftn.conf.DataSettings.Damaged;
import org.sftn.conf.Settings;
import org.sftn.conf.UserException;

class DatasetTest {
    private static JavaSparkContext spark;

    @TempDir
    static Path folder;

    @TempDir
    Path copy;

    @BeforeAll
    static void start() {
        spark = LocalSpark.start(2);
        Settings settings = TestSettings.with(Map.of(
                "prepare.image-size", "8",
                "prepare.shard-size", 30 * 192 + "B",
                "prepare.generated.classes", "4",
                "prepare.generated.train-images", "103",
                "prepare.generated.test-images", "20"));
        TestData.prepare(spark, settings, 5, folder.resolve("set"));
    }

    @AfterAll
    static void stop() {
        spark.stop();
    }

    private static Dataset dataset() {
        return Dataset.open(spark, folder.resolve("set").toString(), Damaged.FAIL);
    }

    @Test
    void eachRankGetsItsSharePartitionByPartition() {
        List<List<Long>> byRank = dataset()
                .byRank("train", 0, 4)
                .map(each -> ((Sample) each).index())
                .glom()
                .collect();

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
        assertThat(dataset()
                        .byRank("train", 41, 2)
                        .map(each -> ((Sample) each).index())
                        .collect())
                .containsExactlyInAnyOrderElementsOf(
                        LongStream.range(0, 41).boxed().toList());
        assertThat(dataset().count("train", 41)).isEqualTo(41);
        assertThat(dataset().count("train", 0)).isEqualTo(103);
        assertThat(dataset().count("test", 500)).isEqualTo(20);
        assertThat(dataset().byRank("test", 500, 3).count()).isEqualTo(20);
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

        assertThatThrownBy(() -> Dataset.open(spark, set.toString(), Damaged.FAIL))
                .isInstanceOf(UserException.class)
                .hasMessage("the data set cannot be used: %s/train/part-00002.parquet is missing", set);
    }

    @Test
    void aShortenedShardIsNamed() throws IOException {
        Path set = copied();
        Path shard = set.resolve("test/part-00000.parquet");
        byte[] bytes = Files.readAllBytes(shard);
        Files.write(shard, java.util.Arrays.copyOf(bytes, bytes.length - 1));

        assertThatThrownBy(() -> Dataset.open(spark, set.toString(), Damaged.FAIL))
                .isInstanceOf(UserException.class)
                .hasMessage(String.format(
                        Locale.ROOT,
                        "the data set cannot be used: %s has %d bytes, the manifest says %d",
                        shard,
                        bytes.length - 1,
                        bytes.length));
    }

    @Test
    void aDamagedShardOfTheRightSizeIsNamed() throws IOException {
        Path set = copied();
        Path shard = set.resolve("test/part-00000.parquet");
        Files.write(shard, new byte[(int) Files.size(shard)]);

        assertThatThrownBy(() -> Dataset.open(spark, set.toString(), Damaged.FAIL)
                        .byRank("test", 0, 1)
                        .collect())
                .hasMessageContaining("the shard " + shard + " is damaged before image 0");
    }

    @Test
    void withoutManifestThereIsNoDataSet() {
        assertThatThrownBy(() -> Dataset.open(spark, copy.toString(), Damaged.FAIL))
                .isInstanceOf(UserException.class)
                .hasMessage(
                        "there is no data set in " + copy + ": manifest.json is missing, which prepare writes last");
        assertThatThrownBy(() -> Dataset.open(spark, "", Damaged.FAIL))
                .isInstanceOf(UserException.class)
                .hasMessage("no data set can be opened: its path is empty (data.path)");
    }

    @Test
    void damagedManifestsAreRefusedWithTheReason() throws IOException {
        String good = Files.readString(copied().resolve("manifest.json"));

        refused("{", "Unexpected end-of-input");
        refused("[]", "has format unknown, this version reads 3; prepare it again");
        refused(
                good.replace("\"format\" : 3", "\"format\" : 1"),
                "has format 1, this version reads 3; prepare it again");
        refused(
                good.replace("\"images\" : 103", "\"images\" : 104"),
                "is damaged: the classes do not add up to 104 images");
        refused(
                good.replaceFirst("\"images\" : 25", "\"images\" : 24"),
                "is damaged: the shards do not add up to 103 images");
        refused(
                good.replaceFirst("part-00000.parquet", "../../secret"),
                "is damaged: '../../secret' cannot be a shard");
        refused(good.replace("\"image_size\" : 8", "\"image_size\" : 0"), "is damaged: images of size 0");
        refused(good.replaceFirst("\"image_size\" : 8,", ""), "image_size");
        refused(
                good.replaceFirst("\"mean\" : \\[ [0-9.]+", "\"mean\" : [ 7.5"),
                "is damaged: values cannot be normalized by mean [7.5,");
        refused(good.replaceFirst("\"sha256\" : \"..", "\"sha256\" : \"zz"), "is not a digest");
    }

    private void refused(String manifest, String reason) throws IOException {
        Files.deleteIfExists(copy.resolve(".manifest.json.crc"));
        Files.writeString(copy.resolve("manifest.json"), manifest);

        assertThatThrownBy(() -> Dataset.open(spark, copy.toString(), Damaged.FAIL))
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
        List<List<Long>> byRank = dataset()
                .byRank("test", 0, 25)
                .map(each -> ((Sample) each).index())
                .glom()
                .collect();

        assertThat(byRank.stream().map(List::size))
                .containsExactlyElementsOf(
                        IntStream.range(0, 25).mapToObj(r -> r < 20 ? 1 : 0).toList());
    }

    @Test
    void aShardThatIsNotInTheManifestIsNamed() throws IOException {
        Path set = copied();
        Path shard = set.resolve("train/part-00000.parquet");
        Files.copy(shard, set.resolve("train/part-00099.parquet"));

        assertThatThrownBy(() -> Dataset.open(spark, set.toString(), Damaged.FAIL))
                .isInstanceOf(UserException.class)
                .hasMessage("the data set cannot be used: %s/train/part-00099.parquet is not in the manifest", set);
        assertThat(Dataset.open(spark, set.toString(), Damaged.SKIP).count("train", 0))
                .isEqualTo(103);
    }

    @Test
    void damagedPixelsAreSkippedWhenTheyMayBe() throws IOException {
        Path set = copied();
        Files.delete(set.resolve("train/part-00002.parquet"));
        Files.deleteIfExists(set.resolve("train/.part-00002.parquet.crc"));

        List<RankData> data = Dataset.open(spark, set.toString(), Damaged.SKIP)
                .byRank("train", 0, 1)
                .collect();
        assertThat(data).hasSize(103);
        assertThat(data.stream().filter(p -> ((Sample) p).isDamaged())).hasSize(26);
    }
}
