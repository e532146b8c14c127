package org.sftn.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.apache.commons.csv.CSVFormat;
import org.apache.commons.csv.CSVParser;
import org.apache.spark.api.java.JavaSparkContext;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.sftn.LocalSpark;
import org.sftn.TestSettings;
import org.sftn.conf.TrainingSettings.ExchangeKind;
import org.sftn.conf.UserException;
import org.sftn.data.TestData;
import org.sftn.data.shard.Manifest;
import org.sftn.nn.Shape;
import org.sftn.teacher.TeacherObjective;
import org.sftn.train.ToyObjective.Trouble;
import org.sftn.zoo.Zoo;

/** Runs on image files, which are read from their shards in every epoch. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class StreamedTrainingTest {
    private static final ToyObjective OBJECTIVE = ToyObjective.of(ToyRun.SIZE, ToyRun.CLASSES, true);
    /** Windows of seven images, so that batches cross them. */
    private static final Map<String, String> SMALL_BUFFER = Map.of("data.shuffle-buffer", "7");

    @TempDir
    Path folder;

    private Path data;
    private Manifest manifest;
    private JavaSparkContext spark;

    @BeforeAll
    void start(@TempDir Path shared) throws IOException {
        spark = LocalSpark.start(2);
        data = shared.resolve("data");
        manifest = TestData.prepareFiles(spark, shared.resolve("in"), ToyRun.SIZE, ToyRun.CLASSES, 105, 23, data);
        assertThat(manifest.train().shards()).hasSizeGreaterThan(5);
    }

    @AfterAll
    void stop() {
        spark.stop();
    }

    private ToyRun twoRanks(Path of) {
        return ToyRun.of(spark, of).on(2, ExchangeKind.DIRECT).saving(5).with(SMALL_BUFFER);
    }

    @Test
    void aRunThatWasStoppedGoesOnToTheSameBits() throws Exception {
        ToyRun two = twoRanks(data);
        TrainingResult undisturbed = two.train(OBJECTIVE, folder.resolve("undisturbed"));
        Path out = folder.resolve("stopped");
        assertThatThrownBy(() -> two.train(OBJECTIVE.with(Trouble.USER_MISTAKE, 19, folder.resolve("happened")), out))
                .isInstanceOf(UserException.class);
        TrainingResult resumed = two.train(OBJECTIVE, out);

        assertThat(resumed.values().keySet()).isEqualTo(undisturbed.values().keySet());
        undisturbed
                .values()
                .forEach((name, tensor) ->
                        assertThat(resumed.values().get(name).values()).isEqualTo(tensor.values()));
        assertThat(column(out, "train_loss")).isEqualTo(column(folder.resolve("undisturbed"), "train_loss"));
    }

    @Test
    void theBufferIsPartOfWhatARunIs() throws Exception {
        Path out = folder.resolve("run");
        assertThatThrownBy(() ->
                        twoRanks(data).train(OBJECTIVE.with(Trouble.USER_MISTAKE, 19, folder.resolve("happened")), out))
                .isInstanceOf(UserException.class);

        assertThatThrownBy(() -> twoRanks(data).with(Map.of()).train(OBJECTIVE, out))
                .isInstanceOf(UserException.class)
                .hasMessageContaining("data.shuffle-buffer was 7, now 2048");
    }

    /** A copy with a byte of one training image changed and one test shard gone. */
    private Path damaged() throws IOException {
        Path copy = folder.resolve("damaged");
        try (var all = Files.walk(data)) {
            for (Path path : all.filter(p -> !p.toString().endsWith(".crc")).toList()) {
                Path to = copy.resolve(data.relativize(path).toString());
                if (Files.isDirectory(path)) {
                    Files.createDirectories(to);
                } else {
                    Files.copy(path, to);
                }
            }
        }
        Path shard = copy.resolve("train/part-00001.parquet");
        byte[] bytes = Files.readAllBytes(shard);
        String text = new String(bytes, StandardCharsets.ISO_8859_1);
        // Parquet keeps the smallest and the largest value a second time: neither of these.
        String image = TestData.samples(spark, data, "train").stream()
                .map(sample -> new String(sample.image(), StandardCharsets.ISO_8859_1))
                .filter(i -> text.contains(i) && text.indexOf(i) == text.lastIndexOf(i))
                .findFirst()
                .orElseThrow();
        bytes[text.indexOf(image) + image.length() / 2] ^= 1;
        Files.write(shard, bytes);
        Files.delete(copy.resolve("test/part-00001.parquet"));
        return copy;
    }

    @Test
    void damageEndsTheRunOrIsSkippedAndCounted() throws Exception {
        Path copy = damaged();
        assertThatThrownBy(() -> twoRanks(copy).train(OBJECTIVE, folder.resolve("failed")))
                .isInstanceOf(UserException.class)
                .hasMessage("the data set cannot be used: %s/test/part-00001.parquet is missing", copy);

        ToyRun skipping = twoRanks(copy).with(Map.of("data.damaged", "skip"));
        ByteArrayOutputStream progress = new ByteArrayOutputStream();
        skipping.train(OBJECTIVE, folder.resolve("skipped"), new PrintStream(progress, true, StandardCharsets.UTF_8));

        int gone = manifest.test().shards().get(1).images();
        assertThat(column(folder.resolve("skipped"), "skipped_images")).containsExactly("1", "1");
        assertThat(column(folder.resolve("skipped"), "skipped_test_images"))
                .containsExactly(Integer.toString(gone), Integer.toString(gone));
        assertThat(progress.toString(StandardCharsets.UTF_8))
                .contains(String.format(Locale.ROOT, "skipped as damaged: 1 training and %d test images", gone));
    }

    /** vgg8 makes maps of 1x1 of these images. */
    @Test
    void anImageThatIsLeftAloneByDamagedOnesIsSkippedToo() throws Exception {
        Path copy = damaged();
        int gone = 0;
        for (Manifest.Shard shard : manifest.train().shards().subList(2, 5)) {
            Files.delete(copy.resolve("train").resolve(shard.file()));
            gone += shard.images();
        }
        Objective vgg = TeacherObjective.of(
                TestSettings.with(Map.of()).teacher(),
                TestSettings.with(Map.of()).training(),
                Zoo.create("vgg8", Shape.of(3, ToyRun.SIZE, ToyRun.SIZE), ToyRun.CLASSES),
                Optional.empty(),
                Optional.empty(),
                1);

        twoRanks(copy).with(Map.of("data.damaged", "skip")).train(vgg, folder.resolve("skipped"));

        int damaged = gone + 1;
        assertThat(column(folder.resolve("skipped"), "skipped_images"))
                .allMatch(skipped -> Integer.parseInt(skipped) > damaged);
    }

    @Test
    void aDamagedImageIsNamed() throws Exception {
        Path copy = damaged();
        Files.copy(data.resolve("test/part-00001.parquet"), copy.resolve("test/part-00001.parquet"));

        assertThatThrownBy(() -> twoRanks(copy).train(OBJECTIVE, folder.resolve("failed")))
                .isInstanceOf(UserException.class)
                .hasMessageContaining("the shard " + copy + "/train/part-00001.parquet is damaged at image ")
                .hasMessageContaining(".png is not what was written");
    }

    private static List<String> column(Path out, String name) throws IOException {
        CSVFormat format = CSVFormat.DEFAULT
                .builder()
                .setHeader()
                .setSkipHeaderRecord(true)
                .get();
        try (CSVParser rows = CSVParser.parse(out.resolve("metrics.csv"), StandardCharsets.UTF_8, format)) {
            return rows.stream().map(row -> row.get(name)).toList();
        }
    }
}
