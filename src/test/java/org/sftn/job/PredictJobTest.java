package org.sftn.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Date;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.apache.commons.codec.digest.DigestUtils;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.apache.commons.csv.CSVFormat;
import org.apache.commons.csv.CSVRecord;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.sftn.LocalSpark;

@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class PredictJobTest {
    private static final int IMAGES = 12;
    private static final int DAMAGED = 5;

    /** Of a part that is done. */
    private static final String REPORT =
            "{\"images\":1,\"unusable\":0,\"first_unusable\":null,\"waiting\":1,\"decoding\":1,\"computing\":1,\"platform\":{\"engine\":\"onednn\","
                    + "\"library\":\"\",\"precision\":\"\",\"instructions\":\"\",\"processor\":\"\",\"threads\":1,\"decoder\":\"\"}}";

    private Path folder;
    private Path photos;
    private Path model;
    /** By name: class and probability as the evaluate job has them. */
    private final Map<String, List<String>> evaluated = new HashMap<>();

    @BeforeAll
    void evaluate(@TempDir Path temporary) throws IOException {
        folder = temporary;
        photos = folder.resolve("photos");
        for (String split : List.of("train", "test")) {
            for (int i = 0; i < IMAGES; i++) {
                Path file = photos.resolve(String.format(Locale.ROOT, "%s/%d/%02d.png", split, i % 4, i));
                Files.createDirectories(file.getParent());
                Files.write(file, png(24 + i, 20 + i % 3, i));
            }
        }
        Path data = folder.resolve("data");
        Path teacher = folder.resolve("teacher");
        run("prepare", data, "prepare.source=image-folder", "prepare.store=files", "prepare.image-size=16", in(photos));
        run(
                "teacher",
                teacher,
                "data.path=" + data,
                "data.evaluation-resize=18",
                "training.global-batch=12",
                "training.epochs=1",
                "teacher.network=resnet8",
                "teacher.student=");
        model = teacher.resolve("model");
        Path evaluation = folder.resolve("evaluation");
        run(
                "evaluate",
                evaluation,
                "data.path=" + data,
                "data.evaluation-resize=18",
                "evaluate.predictions=true",
                "evaluate.model=" + model);
        for (CSVRecord row : csv(evaluation.resolve("predictions.csv"))) {
            evaluated.put(row.get("name"), List.of(row.get("predicted"), row.get("probability")));
        }
        assertThat(evaluated).hasSize(IMAGES);
    }

    private static String in(Path input) {
        return "prepare.input=" + input;
    }

    private static byte[] png(int width, int height, int seed) throws IOException {
        BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
        Random random = new Random(seed);
        for (int pixel = 0; pixel < width * height; pixel++) {
            image.setRGB(pixel % width, pixel / width, random.nextInt(1 << 24));
        }
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        ImageIO.write(image, "png", bytes);
        return bytes.toByteArray();
    }

    private static Ran run(String job, Path out, String... settings) {
        Ran ran = tried(job, out, settings);
        assertThat(ran.code()).as(ran.err()).isZero();
        return ran;
    }

    private static Ran tried(String job, Path out, String... settings) {
        List<String> arguments = new ArrayList<>(List.of(job, "--out=" + out));
        Arrays.stream(settings)
                .map(each -> each.startsWith("--") ? each : "--set=" + each)
                .forEach(arguments::add);
        return Ran.of(arguments.toArray(String[]::new));
    }

    private Ran predict(Path out, String... settings) {
        return tried(
                "predict",
                out,
                Stream.concat(Stream.of("predict.model=" + model, "predict.csv=true"), Arrays.stream(settings))
                        .toArray(String[]::new));
    }

    private static List<CSVRecord> csv(Path file) throws IOException {
        return CSVFormat.DEFAULT
                .builder()
                .setHeader()
                .setSkipHeaderRecord(true)
                .get()
                .parse(Files.newBufferedReader(file))
                .getRecords();
    }

    /** Of all parts, in their order. */
    private static List<CSVRecord> rows(Path out) throws IOException {
        List<CSVRecord> rows = new ArrayList<>();
        try (Stream<Path> parts = Files.list(out.resolve("csv"))) {
            for (Path part : parts.filter(each -> !each.getFileName().toString().startsWith("."))
                    .sorted()
                    .toList()) {
                rows.addAll(csv(part));
            }
        }
        return rows;
    }

    private static JsonNode result(Path out) throws IOException {
        return new ObjectMapper().readTree(Files.readString(out.resolve("result.json")));
    }

    private void assertAsEvaluated(CSVRecord row, String name) {
        assertThat(row.get("class")).as(name).isEqualTo(evaluated.get(name).get(0));
        // Another batch size, another kernel: equal up to the rounding of the engine.
        assertThat(Double.parseDouble(row.get("probability")))
                .as(name)
                .isCloseTo(Double.parseDouble(evaluated.get(name).get(1)), within(0.02));
    }

    @Test
    void filesArePredictedAsTheyAreEvaluated() throws IOException {
        Path out = folder.resolve("files");

        Ran ran = predict(out, "predict.input=" + photos.resolve("test"), "predict.part-size=4KiB", "predict.batch=3");

        assertThat(ran.code()).as(ran.err()).isZero();
        assertThat(ran.out()).contains("predict done: 12 images, 0 of them unusable, ");
        List<CSVRecord> rows = rows(out);
        assertThat(rows.stream().map(row -> row.get("name")))
                .containsExactlyElementsOf(evaluated.keySet().stream().sorted().toList());
        rows.forEach(row -> assertAsEvaluated(row, row.get("name")));
        try (Stream<Path> parts = Files.list(out.resolve("csv"))) {
            assertThat(parts.filter(part -> part.toString().endsWith(".csv")).count())
                    .isGreaterThan(2);
        }
        assertThat(result(out).get("images").asInt()).isEqualTo(IMAGES);
        assertThat(out.resolve("done")).doesNotExist();
    }

    @Test
    void parquetHasTheSameRowsAndVectors() throws IOException {
        Path out = folder.resolve("vectors");

        Ran ran = predict(
                out,
                "predict.input=" + photos.resolve("test"),
                "predict.logits=true",
                "predict.features=true",
                "predict.top=2");

        assertThat(ran.code()).as(ran.err()).isZero();
        List<CSVRecord> text = rows(out);
        try (JavaSparkContext spark = LocalSpark.start(1)) {
            List<Row> rows = SparkSession.builder()
                    .sparkContext(spark.sc())
                    .getOrCreate()
                    .read()
                    .parquet(out.resolve("predictions").toString())
                    .orderBy("name")
                    .collectAsList();
            assertThat(rows).hasSameSizeAs(text);
            for (int i = 0; i < rows.size(); i++) {
                Row row = rows.get(i);
                assertThat(row.<String>getAs("name")).isEqualTo(text.get(i).get("name"));
                assertThat(row.<String>getAs("class")).isEqualTo(text.get(i).get("class"));
                assertThat(row.<String>getAs("reason")).isNull();
                List<Float> logits = row.getList(row.fieldIndex("logits"));
                assertThat(logits).hasSize(4).hasToString(text.get(i).get("logits"));
                assertThat(row.<Float>getList(row.fieldIndex("features"))).hasSize(64);
                List<Row> best = row.getList(row.fieldIndex("best"));
                assertThat(best).hasSize(2);
                double sum = logits.stream().mapToDouble(Math::exp).sum();
                double largest =
                        logits.stream().mapToDouble(Float::doubleValue).max().orElseThrow();
                assertThat(best.get(0).getDouble(1))
                        .isEqualTo(row.<Double>getAs("probability"))
                        .isCloseTo(Math.exp(largest) / sum, within(1e-6));
                assertThat(best.get(1).getDouble(1))
                        .isLessThanOrEqualTo(best.get(0).getDouble(1));
                assertThat(text.get(i).get("class_2")).isEqualTo(best.get(1).getString(0));
            }
        }
    }

    @Test
    void whatCannotBeUsedIsARowWithTheReason() throws IOException {
        Path mixed = folder.resolve("mixed");
        Files.createDirectories(mixed.resolve("deep/deeper"));
        byte[] good = Files.readAllBytes(photos.resolve("test/0/00.png"));
        Files.write(mixed.resolve("deep/deeper/good.png"), good);
        Files.write(mixed.resolve("cut.png"), Arrays.copyOf(good, 100));
        Files.write(mixed.resolve("empty.jpg"), new byte[0]);
        Files.writeString(mixed.resolve("text.jpeg"), "no image, \"quoted\"");
        Files.writeString(mixed.resolve("notes.txt"), "no image");
        Files.createSymbolicLink(mixed.resolve("link.png"), mixed.resolve("nothing"));
        Path out = folder.resolve("mixed-out");

        Ran ran = predict(out, "predict.input=" + mixed);

        assertThat(ran.code()).as(ran.err()).isZero();
        assertThat(ran.out()).contains("predict done: 5 images, 4 of them unusable");
        Map<String, String> reasons = new HashMap<>();
        for (CSVRecord row : rows(out)) {
            reasons.put(row.get("name"), row.get("reason"));
            assertThat(row.get("class").isEmpty()).isEqualTo(!row.get("reason").isEmpty());
        }
        assertThat(reasons).hasSize(DAMAGED).containsEntry("deep/deeper/good.png", "");
        assertThat(reasons.get("link.png")).isEqualTo("it is a link to nothing");
        assertThat(reasons.get("cut.png")).isNotEmpty();
        assertThat(reasons.get("empty.jpg")).isNotEmpty();
        assertThat(reasons.get("text.jpeg")).isNotEmpty();
        assertThat(ran.err())
                .contains("4 of 5 images cannot be used; their rows say why, the first is link.png: it is a link");
        Files.delete(mixed.resolve("deep/deeper/good.png"));
        assertMistake(
                predict(folder.resolve("unusable-out"), "predict.input=" + mixed),
                "none of the 4 images can be used; the first is link.png: it is a link to nothing");
    }

    @Test
    void tarsArePredictedAlsoWhenOneIsCut() throws IOException {
        Path tars = Files.createDirectories(folder.resolve("tars"));
        List<Path> files;
        try (Stream<Path> all = Files.walk(photos.resolve("test"))) {
            files = all.filter(Files::isRegularFile).sorted().toList();
        }
        tar(tars.resolve("a.tar"), files.subList(0, 8));
        tar(tars.resolve("b.tar"), files.subList(8, IMAGES));
        byte[] whole = Files.readAllBytes(tars.resolve("b.tar"));
        int third = 2 * (512 + (int) (Files.size(files.get(8)) + 511) / 512 * 512) + 600;
        Files.write(tars.resolve("b.tar"), Arrays.copyOf(whole, third));
        Path out = folder.resolve("tars-out");

        Ran ran = predict(out, "predict.source=tars", "predict.input=" + tars);

        assertThat(ran.code()).as(ran.err()).isZero();
        List<CSVRecord> rows = rows(out);
        List<CSVRecord> unusable =
                rows.stream().filter(row -> !row.get("reason").isEmpty()).toList();
        assertThat(unusable).hasSize(1);
        assertThat(unusable.get(0).get("name")).startsWith("b.tar/");
        assertThat(unusable.get(0).get("reason"))
                .matches("the archive ends in it, .*; nothing behind it in the tar is read");
        assertThat(rows.size()).isGreaterThan(8);
        for (CSVRecord row : rows) {
            if (row.get("reason").isEmpty()) {
                assertAsEvaluated(row, row.get("name").replaceFirst("^[ab].tar/", ""));
            }
        }
    }

    private void tar(Path tar, List<Path> files) throws IOException {
        try (TarArchiveOutputStream out = new TarArchiveOutputStream(Files.newOutputStream(tar))) {
            for (Path file : files) {
                byte[] bytes = Files.readAllBytes(file);
                TarArchiveEntry entry = new TarArchiveEntry(
                        photos.resolve("test").relativize(file).toString());
                entry.setSize(bytes.length);
                out.putArchiveEntry(entry);
                out.write(bytes);
                out.closeArchiveEntry();
            }
            out.putArchiveEntry(new TarArchiveEntry("notes.txt"));
            out.closeArchiveEntry();
        }
    }

    @Test
    void anInterruptedRunGoesOnWithWhatIsMissing() throws IOException {
        Path out = folder.resolve("resumed");
        String[] settings = {"predict.input=" + photos.resolve("test"), "predict.part-size=4KiB"};
        assertThat(predict(out, settings).code()).isZero();
        Map<String, byte[]> before = files(out.resolve("csv"));
        List<String> parts = before.keySet().stream().sorted().toList();
        // As it is when the job is killed: the first part has its report, the second one lacks its own, the others are
        // not there.
        Files.delete(out.resolve("result.json"));
        Files.createDirectories(out.resolve("done"));
        Files.writeString(out.resolve(report(parts.size())), REPORT);
        Files.writeString(out.resolve("csv").resolve(parts.get(0)), "kept");
        for (String part : parts.subList(2, parts.size())) {
            Files.delete(out.resolve("csv").resolve(part));
            Files.delete(out.resolve("predictions").resolve(part.replace(".csv", ".parquet")));
        }
        Files.writeString(out.resolve("csv/.part-00003.csv-7.unfinished"), "half");
        assertThat(status(out)).contains("parts       1 of " + parts.size() + " done");

        assertThat(predict(out, settings).code()).isEqualTo(2);
        Ran resumed = predict(out, "--resume", settings[0], settings[1]);

        assertThat(resumed.code()).as(resumed.err()).isZero();
        assertThat(resumed.err()).contains("1 of " + parts.size() + " parts is there from an earlier run");
        Map<String, byte[]> after = files(out.resolve("csv"));
        assertThat(after.keySet()).isEqualTo(before.keySet());
        assertThat(after.remove(parts.get(0))).isEqualTo("kept".getBytes(StandardCharsets.UTF_8));
        after.forEach((part, bytes) -> assertThat(bytes).as(part).isEqualTo(before.get(part)));
        assertThat(predict(out, "--resume", settings[0], settings[1]).out()).contains("is finished already");
        assertThat(status(out))
                .containsPattern("result      done: \\d+ images, 0 of them unusable, ")
                .doesNotContain("parts");
    }

    /** Of the first part. */
    private static String report(int parts) {
        return String.format(Locale.ROOT, "done/part-00000-of-%05d.json", parts);
    }

    private static String status(Path out) throws IOException {
        return Status.of(new org.apache.hadoop.fs.Path(out.toUri()), new Configuration());
    }

    private static Map<String, byte[]> files(Path in) throws IOException {
        Map<String, byte[]> files = new HashMap<>();
        try (Stream<Path> all = Files.list(in)) {
            for (Path file :
                    all.filter(each -> !each.toString().endsWith(".crc")).toList()) {
                files.put(file.getFileName().toString(), Files.readAllBytes(file));
            }
        }
        return files;
    }

    /** Rows of the test images as a table has them: a key, a day, the file with its path; the last image is damaged. */
    private Path table(String name) throws IOException {
        List<Row> rows = new ArrayList<>();
        List<String> names = evaluated.keySet().stream().sorted().toList();
        for (int i = 0; i < names.size(); i++) {
            byte[] file = Files.readAllBytes(photos.resolve("test").resolve(names.get(i)));
            Row image = RowFactory.create(i == names.size() - 1 ? Arrays.copyOf(file, 60) : file, names.get(i));
            rows.add(RowFactory.create(image, 100L + i, Date.valueOf("2026-01-02"), i == 0 ? null : i / 2.0));
        }
        StructType struct = new StructType().add("bytes", "binary").add("path", "string");
        StructType schema = new StructType()
                .add("photo", struct)
                .add("key", "long")
                .add("day", "date")
                .add("score", "double");
        Path table = folder.resolve(name);
        try (JavaSparkContext spark = LocalSpark.start(1)) {
            SparkSession.builder()
                    .sparkContext(spark.sc())
                    .getOrCreate()
                    .createDataFrame(rows, schema)
                    .repartition(3)
                    .write()
                    .parquet(table.toString());
        }
        return table;
    }

    @Test
    void aTableKeepsItsColumns() throws IOException {
        Path table = table("table");
        Path out = folder.resolve("table-out");

        Ran ran = predict(
                out,
                "predict.source=table",
                "predict.input=" + table,
                "predict.part-size=1KiB",
                "predict.table.image-column=photo",
                "predict.table.columns=[key, day, score]");

        assertThat(ran.code()).as(ran.err()).isZero();
        assertThat(ran.out()).contains("predict done: 12 images, 1 of them unusable");
        List<CSVRecord> rows = rows(out);
        assertThat(rows).hasSize(IMAGES);
        List<String> names = evaluated.keySet().stream().sorted().toList();
        for (CSVRecord row : rows) {
            int i = Integer.parseInt(row.get("key")) - 100;
            assertThat(row.get("name")).isEqualTo(names.get(i));
            assertThat(row.get("day")).isEqualTo("2026-01-02");
            assertThat(row.get("score")).isEqualTo(i == 0 ? "" : String.valueOf(i / 2.0));
            if (i == IMAGES - 1) {
                assertThat(row.get("reason")).isNotEmpty();
            } else {
                assertAsEvaluated(row, names.get(i));
            }
        }
        try (JavaSparkContext spark = LocalSpark.start(1)) {
            assertThat(SparkSession.builder()
                            .sparkContext(spark.sc())
                            .getOrCreate()
                            .read()
                            .parquet(out.resolve("predictions").toString())
                            .where("reason is null and key < 105 and score > 1")
                            .count())
                    .isEqualTo(2);
        }
    }

    @Test
    void aTableOfFilesIsResumedAndAQueryIsReadAgain() throws IOException {
        Path table = table("resumed-table");
        Path out = folder.resolve("resumed-table-out");
        String[] files = {
            "predict.source=table",
            "predict.input=" + table,
            "predict.part-size=1KiB",
            "predict.table.image-column=photo"
        };
        String[] query = {
            "predict.source=table",
            "predict.input=select photo.bytes image from parquet.`" + table + "` where key < 103"
        };
        Path ofQuery = folder.resolve("query-out");
        assertThat(predict(out, files).code()).isZero();
        assertThat(predict(ofQuery, query).code()).isZero();
        List<String> digests = new ArrayList<>();
        for (String name : evaluated.keySet().stream().sorted().limit(3).toList()) {
            digests.add(DigestUtils.sha256Hex(
                    Files.readAllBytes(photos.resolve("test").resolve(name))));
        }
        assertThat(rows(ofQuery).stream().map(row -> row.get("name"))).containsExactlyInAnyOrderElementsOf(digests);
        for (Path each : List.of(out, ofQuery)) {
            Files.delete(each.resolve("result.json"));
            Files.createDirectories(each.resolve("done"));
            int parts = files(each.resolve("csv")).size();
            Files.writeString(each.resolve(report(parts)), REPORT);
            Files.writeString(each.resolve("csv/part-00000.csv"), "kept");
        }

        Ran resumed = predict(out, with(files, "--resume"));
        Ran again = predict(ofQuery, with(query, "--resume"));

        assertThat(resumed.code()).as(resumed.err()).isZero();
        assertThat(Files.readString(out.resolve("csv/part-00000.csv"))).isEqualTo("kept");
        assertThat(again.code()).as(again.err()).isZero();
        assertThat(rows(ofQuery)).hasSize(3);
    }

    private static String[] with(String[] settings, String more) {
        return Stream.concat(Arrays.stream(settings), Stream.of(more)).toArray(String[]::new);
    }

    @Test
    void aChangedInputIsAnotherRun() throws IOException {
        Path input = Files.createDirectories(folder.resolve("changing"));
        Files.copy(photos.resolve("test/0/00.png"), input.resolve("a.png"));
        Path out = folder.resolve("changed");
        assertThat(predict(out, "predict.input=" + input).code()).isZero();
        Files.copy(photos.resolve("test/1/01.png"), input.resolve("b.png"));

        Ran resumed = predict(out, "--resume", "predict.input=" + input);

        assertThat(resumed.code()).isEqualTo(2);
        assertThat(resumed.err()).contains("cannot be continued, it is another one: the data set was ");
        assertThat(predict(out, "--overwrite", "predict.input=" + input).code()).isZero();
        assertThat(rows(out)).hasSize(2);
    }

    @Test
    void patternsChooseFilesAndFolders() throws IOException {
        Path out = folder.resolve("pattern");

        Ran ran = predict(out, "predict.input=" + photos.resolve("test/{0,1}/0[0-4].png"));

        assertThat(ran.code()).as(ran.err()).isZero();
        assertThat(rows(out).stream().map(row -> row.get("name").replaceFirst(".*/test/", "")))
                .containsExactly("0/00.png", "0/04.png", "1/01.png");
    }

    @Test
    void mistakesAreSaid() throws IOException {
        Path out = folder.resolve("mistakes");
        Path empty = Files.createDirectories(folder.resolve("no-images"));
        Files.writeString(empty.resolve("notes.txt"), "");

        assertMistake(tried("predict", out, "predict.input=" + photos), "predict.model is not set");
        assertMistake(predict(out), "there is nothing to predict: predict.input is empty");
        assertMistake(
                predict(out, "predict.input=/nowhere"), "predict.input cannot be read: there is no file:/nowhere");
        assertMistake(predict(out, "predict.input=" + empty), "there are no images in predict.input " + empty);
        assertMistake(
                predict(out, "predict.source=tars", "predict.input=" + photos), "there are no tars in predict.input");
        assertMistake(
                predict(out, "predict.input=" + photos, "predict.resize=15"),
                "predict.resize is 15, it must be 0 or at least the size of the model's images, 16");
        String[] table = {
            "predict.source=table", "predict.input=" + table("mistaken"), "predict.table.image-column=photo"
        };
        assertMistake(
                predict(out, with(table, "predict.table.image-column=image")), "has no column 'image'; it has photo (");
        assertMistake(
                predict(out, with(table, "predict.table.columns=[photo]")),
                "cannot go with the images: it is struct<bytes:binary,path:string>");
        assertMistake(predict(out, with(table, "predict.table.columns=[nothing]")), "has no column 'nothing'; it has ");
        assertMistake(
                predict(
                        out,
                        "predict.source=table",
                        "predict.input=select photo as image, 1 class_2, 2 class_9 from parquet.`" + table("doubled")
                                + "`",
                        "predict.table.columns=[class_2, class_9]"),
                "the columns class_2 cannot be passed through: the predictions have columns of these names");
        assertThat(out).doesNotExist();
    }

    private static void assertMistake(Ran ran, String message) {
        assertThat(ran.err()).contains(message);
        assertThat(ran.code()).as(ran.err()).isEqualTo(2);
    }
}
