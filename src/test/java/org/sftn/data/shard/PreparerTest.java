package org.sftn.data.shard;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.hadoop.ParquetReader;
import org.apache.parquet.hadoop.example.GroupReadSupport;
import org.apache.spark.api.java.JavaSparkContext;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.sftn.LocalSpark;
import org.sftn.TestSettings;
import org.sftn.conf.DataSettings.Damaged;
import org.sftn.conf.Settings;
import org.sftn.conf.Sha256;
import org.sftn.conf.UserException;
import org.sftn.data.Dataset;
import org.sftn.data.Sample;
import org.sftn.data.TestData;
import org.sftn.data.source.GeneratedImages;
import org.sftn.data.source.Split;

class PreparerTest {
    private static final int RECORD = 3074;

    private static JavaSparkContext spark;

    @TempDir
    Path folder;

    @BeforeAll
    static void start() {
        spark = LocalSpark.start(2);
    }

    @AfterAll
    static void stop() {
        spark.stop();
    }

    private Settings settings(Map<String, String> values) {
        Map<String, String> all = new HashMap<>(Map.of(
                "prepare.input", folder.resolve("in").toString(),
                "prepare.image-size", "16",
                "prepare.max-rejected-share", "0",
                "prepare.generated.train-images", "105",
                "prepare.generated.test-images", "23"));
        all.putAll(values);
        return TestSettings.with(all);
    }

    /** Images of 768 bytes. */
    private Settings generated(int imagesPerShard) {
        return settings(Map.of("prepare.source", "generated", "prepare.shard-size", 768 * imagesPerShard + "B"));
    }

    private Settings cifar(double maxRejectedShare) {
        return settings(Map.of(
                "prepare.source", "cifar-100-binary", "prepare.max-rejected-share", Double.toString(maxRejectedShare)));
    }

    private Manifest prepare(Settings settings, String out) {
        return prepare(settings, 5, out);
    }

    private Manifest prepare(Settings settings, long seed, String out) {
        return TestData.prepare(spark, settings, seed, folder.resolve(out));
    }

    private List<Sample> samples(String out, String split) {
        return TestData.samples(spark, folder.resolve(out), split);
    }

    /** All visible files below a folder with their bytes in hexadecimal. */
    private Map<String, String> files(String out) throws IOException {
        Map<String, String> files = new TreeMap<>();
        try (Stream<Path> all = Files.walk(folder.resolve(out))) {
            for (Path path : all.filter(Files::isRegularFile).toList()) {
                if (!path.getFileName().toString().startsWith(".")) {
                    files.put(
                            folder.resolve(out).relativize(path).toString(),
                            HexFormat.of().formatHex(Files.readAllBytes(path)));
                }
            }
        }
        return files;
    }

    @Test
    void shardsAreParquetWithTheColumnsPromised() throws IOException {
        Manifest manifest = prepare(generated(50), "out");

        int rows = 0;
        for (Manifest.Shard shard : manifest.train().shards()) {
            var file = new org.apache.hadoop.fs.Path(
                    folder.resolve("out/train").resolve(shard.file()).toString());
            try (ParquetReader<Group> reader =
                    ParquetReader.builder(new GroupReadSupport(), file).build()) {
                for (Group row = reader.read(); row != null; row = reader.read()) {
                    assertThat(row.getType().getFields())
                            .extracting(Object::toString)
                            .containsExactly(
                                    "required binary image",
                                    "required int32 label",
                                    "required binary name (STRING)",
                                    "required int32 crc32c");
                    int number = Integer.parseInt(row.getString("name", 0).replace("generated-train#", ""));
                    assertThat(row.getInteger("label", 0)).isEqualTo(number % 10);
                    assertThat(row.getBinary("image", 0).getBytes())
                            .isEqualTo(new GeneratedImages(16, 5).planes(Split.TRAIN, number, number % 10));
                    rows++;
                }
            }
        }
        assertThat(rows).isEqualTo(105);
    }

    @Test
    void theManifestSaysWhatThereIs() throws IOException {
        Manifest manifest = prepare(generated(50), "out");

        assertThat(manifest.source()).isEqualTo("generated");
        assertThat(manifest.classes()).isEqualTo(10);
        assertThat(manifest.train().images()).isEqualTo(105);
        assertThat(manifest.train().imagesPerClass()).containsExactly(11L, 11L, 11L, 11L, 11L, 10L, 10L, 10L, 10L, 10L);
        assertThat(manifest.test().images()).isEqualTo(23);
        assertThat(manifest.train().shards())
                .extracting(Manifest.Shard::file)
                .containsExactly("part-00000.parquet", "part-00001.parquet", "part-00002.parquet");
        assertThat(manifest.train().shards()).extracting(Manifest.Shard::images).containsExactly(35, 35, 35);
        for (Manifest.Shard shard : manifest.train().shards()) {
            byte[] bytes = Files.readAllBytes(folder.resolve("out/train").resolve(shard.file()));
            assertThat(shard.bytes()).isEqualTo(bytes.length);
            assertThat(shard.sha256()).isEqualTo(Sha256.hex(Sha256.digest().digest(bytes)));
        }
        assertThat(Dataset.open(spark, folder.resolve("out").toString(), Damaged.FAIL)
                        .manifest())
                .isEqualTo(manifest);
        try (Stream<Path> siblings = Files.list(folder)) {
            assertThat(siblings).containsExactly(folder.resolve("out"));
        }
    }

    @Test
    void meanAndDeviationAreThoseOfTheTrainingPixels() {
        Manifest manifest = prepare(generated(50), "out");

        for (int c = 0; c < 3; c++) {
            double sum = 0;
            double squares = 0;
            for (Sample sample : samples("out", "train")) {
                for (int i = 0; i < 256; i++) {
                    double value = (sample.image()[c * 256 + i] & 0xFF) / 255.0;
                    sum += value;
                    squares += value * value;
                }
            }
            double mean = sum / (105 * 256);
            assertThat(manifest.mean().get(c)).isCloseTo(mean, within(1e-12));
            assertThat(manifest.standardDeviation().get(c))
                    .isCloseTo(Math.sqrt(squares / (105 * 256) - mean * mean), within(1e-9));
        }
    }

    @Test
    void aSecondRunGivesTheSameBytes() throws IOException {
        prepare(generated(50), "a");
        prepare(generated(50), "b");

        assertThat(files("a")).hasSize(6);
        assertThat(files("b")).isEqualTo(files("a"));
    }

    @Test
    void identityAndOrderDoNotDependOnTheCutIntoShards() {
        Manifest large = prepare(generated(1000), "large");
        Manifest small = prepare(generated(7), "small");

        assertThat(small.identity()).isEqualTo(large.identity());
        assertThat(small.mean()).isEqualTo(large.mean());
        assertThat(samples("small", "train"))
                .extracting(Sample::name)
                .isEqualTo(samples("large", "train").stream().map(Sample::name).toList());
    }

    @Test
    void anotherSeedGivesAnotherOrder() throws IOException {
        cifar(40, 10);
        Settings settings = cifar(0.0);
        Manifest first = prepare(settings, 1, "a");
        Manifest second = prepare(settings, 2, "b");

        assertThat(first.identity()).isNotEqualTo(second.identity());
        assertThat(samples("a", "train"))
                .extracting(Sample::name)
                .containsExactlyInAnyOrderElementsOf(
                        samples("b", "train").stream().map(Sample::name).toList())
                .isNotEqualTo(samples("b", "train").stream().map(Sample::name).toList());
    }

    @Test
    void anEmptyFolderAndTheRemainsOfAnInterruptedRunAreNoObstacle() throws IOException {
        Files.createDirectories(folder.resolve("out/train"));
        Files.writeString(folder.resolve("out/train/part-00099.parquet"), "old");
        Files.writeString(folder.resolve("out/plan"), "old");

        prepare(generated(50), "out");

        assertThat(files("out").keySet())
                .containsExactly(
                        "manifest.json",
                        "rejected.csv",
                        "test/part-00000.parquet",
                        "train/part-00000.parquet",
                        "train/part-00001.parquet",
                        "train/part-00002.parquet");
    }

    /** Records whose label and pixels follow from their number. */
    private static byte[] record(int number) {
        byte[] record = new byte[RECORD];
        for (int i = 2; i < RECORD; i++) {
            record[i] = (byte) (number * 7 + i);
        }
        record[0] = (byte) (number % 20);
        record[1] = (byte) (number % 100);
        return record;
    }

    private void cifar(int train, int test) throws IOException {
        Files.createDirectories(folder.resolve("in"));
        write("train.bin", 0, train);
        write("test.bin", 1000, test);
    }

    private void write(String file, int first, int count) throws IOException {
        try (OutputStream out = Files.newOutputStream(folder.resolve("in").resolve(file))) {
            for (int i = 0; i < count; i++) {
                out.write(record(first + i));
            }
        }
    }

    @Test
    void cifarRecordsArriveWhole() throws IOException {
        // More than one task reads.
        cifar(5003, 10);
        Manifest manifest = prepare(cifar(0.0), "out");

        assertThat(manifest.imageSize()).isEqualTo(32);
        assertThat(manifest.classNames()).hasSize(100).startsWith("class 0", "class 1");
        List<Sample> samples = samples("out", "train");
        assertThat(samples).hasSize(5003);
        List<String> names = new ArrayList<>();
        for (Sample sample : samples) {
            int number = Integer.parseInt(sample.name().replace("train.bin#", ""));
            names.add(sample.name());
            assertThat(sample.label()).isEqualTo(number % 100);
            assertThat(sample.image()).isEqualTo(Arrays.copyOfRange(record(number), 2, RECORD));
        }
        assertThat(names).doesNotHaveDuplicates();
        assertThat(names.get(0) + names.get(1) + names.get(2)).isNotEqualTo("train.bin#0train.bin#1train.bin#2");
    }

    @Test
    void coarseLabelsAndNames() throws IOException {
        cifar(40, 10);
        Files.writeString(
                folder.resolve("in/coarse_label_names.txt"),
                String.join(
                                "\n",
                                LongStream.range(0, 20)
                                        .mapToObj(i -> "group " + i)
                                        .toList()) + "\n\n");
        Settings coarse =
                settings(Map.of("prepare.source", "cifar-100-binary", "prepare.cifar-100-binary.labels", "coarse"));

        Manifest manifest = prepare(coarse, "out");

        assertThat(manifest.classNames()).hasSize(20).startsWith("group 0");
        assertThat(manifest.train().imagesPerClass()).containsOnly(2L);
    }

    @Test
    void namesThatDoNotFitAreRefused() throws IOException {
        cifar(40, 10);
        Files.writeString(folder.resolve("in/fine_label_names.txt"), "one\ntwo\n");

        assertThatThrownBy(() -> prepare(cifar(0.0), "out"))
                .isInstanceOf(UserException.class)
                .hasMessage(folder.resolve("in/fine_label_names.txt") + " names 2 classes, there are 100");
    }

    @Test
    void aTruncatedFileIsNamedWithItsLength() throws IOException {
        cifar(3, 2);
        Path train = folder.resolve("in/train.bin");
        Files.write(train, Arrays.copyOf(Files.readAllBytes(train), 3 * RECORD - 1));

        assertThatThrownBy(() -> prepare(cifar(0.0), "out"))
                .isInstanceOf(UserException.class)
                .hasMessage(train + " is truncated: its 9221 bytes are 2 records of 3074 and 3073 more");
        Files.write(train, new byte[0]);
        assertThatThrownBy(() -> prepare(cifar(0.0), "out")).hasMessage(train + " is empty");
        Files.delete(train);
        assertThatThrownBy(() -> prepare(cifar(0.0), "out"))
                .hasMessage("CIFAR-100 cannot be read: there is no " + train);
    }

    @Test
    void aLabelOutOfRangeIsRejected() throws IOException {
        cifar(40, 10);
        Path train = folder.resolve("in/train.bin");
        byte[] bytes = Files.readAllBytes(train);
        bytes[3 * RECORD + 1] = (byte) 200;
        Files.write(train, bytes);

        Manifest manifest = prepare(cifar(0.03), "out");

        assertThat(manifest.train().images()).isEqualTo(39);
        assertThat(samples("out", "train"))
                .extracting(Sample::index)
                .containsExactlyElementsOf(LongStream.range(0, 39).boxed().toList());
        assertThat(folder.resolve("out/rejected.csv"))
                .content(StandardCharsets.UTF_8)
                .isEqualTo("split,image,reason\r\ntrain,train.bin#3,\"its label is 200, not 0 to 99\"\r\n");
    }

    @Test
    void tooManyRejectedFailsAndSaysWhereTheyAreNamed() throws IOException {
        cifar(40, 10);
        Path train = folder.resolve("in/train.bin");
        byte[] bytes = Files.readAllBytes(train);
        bytes[3 * RECORD + 1] = (byte) 200;
        Files.write(train, bytes);

        assertThatThrownBy(() -> prepare(cifar(0.01), "out"))
                .isInstanceOf(UserException.class)
                .hasMessage("the data set cannot be made: 1 of 50 images cannot be used, a share of 0.0200 where"
                        + " prepare.max-rejected-share = 0.01; " + folder.resolve("out/rejected.csv")
                        + " names them with the reasons");
        assertThat(folder.resolve("out/manifest.json")).doesNotExist();
        assertThat(folder.resolve("out/rejected.csv")).content().contains("train.bin#3");
        // The shards are there; only the limit stood in the way.
        assertThat(prepare(cifar(0.03), "out").train().images()).isEqualTo(39);
    }

    @Test
    void onlyImageFoldersHaveFilesToStore() {
        assertThatThrownBy(
                        () -> prepare(settings(Map.of("prepare.source", "generated", "prepare.store", "files")), "out"))
                .isInstanceOf(UserException.class)
                .hasMessage("prepare.store = files cannot be had of prepare.source = generated: it has no image files");
    }

    @Test
    void aRunThatWasStoppedGoesOnWithTheShardsThatAreDone() throws IOException {
        cifar(40, 10);
        byte[] bytes = Files.readAllBytes(folder.resolve("in/train.bin"));
        bytes[3 * RECORD + 1] = (byte) 200;
        Files.write(folder.resolve("in/train.bin"), bytes);
        // Stopped at the end, with all shards there.
        assertThatThrownBy(() -> prepare(small(0), "out")).isInstanceOf(UserException.class);
        Path train = folder.resolve("out/train");
        FileTime written = Files.getLastModifiedTime(train.resolve("part-00000.parquet"));
        // As if it had been stopped while these were written, and before.
        Files.delete(train.resolve("part-00001.parquet"));
        Path cut = train.resolve("part-00002.parquet");
        Files.write(cut, Arrays.copyOf(Files.readAllBytes(cut), 1000));
        Files.delete(folder.resolve("out/reports/train/part-00003.parquet.json"));

        prepare(small(0.03), "out");
        prepare(small(0.03), "undisturbed");

        assertThat(files("out")).isEqualTo(files("undisturbed"));
        assertThat(Files.getLastModifiedTime(folder.resolve("out/train/part-00000.parquet")))
                .isEqualTo(written);
    }

    @Test
    void anotherSourceOrOrderBeginsAnew() throws IOException {
        cifar(40, 10);
        Path train = folder.resolve("in/train.bin");
        byte[] bytes = Files.readAllBytes(train);
        bytes[3 * RECORD + 1] = (byte) 200;
        Files.write(train, bytes);
        assertThatThrownBy(() -> prepare(small(0), "out")).isInstanceOf(UserException.class);

        prepare(small(0.03), 6, "out");
        prepare(small(0.03), 6, "undisturbed");

        assertThat(files("out")).isEqualTo(files("undisturbed"));
    }

    /** Eight images a shard. */
    private Settings small(double maxRejectedShare) {
        return settings(Map.of(
                "prepare.source",
                "cifar-100-binary",
                "prepare.shard-size",
                8 * RECORD + "B",
                "prepare.max-rejected-share",
                Double.toString(maxRejectedShare)));
    }
}
