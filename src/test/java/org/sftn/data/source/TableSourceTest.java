package org.sftn.data.source;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.example.data.simple.SimpleGroupFactory;
import org.apache.parquet.hadoop.ParquetWriter;
import org.apache.parquet.hadoop.example.ExampleParquetWriter;
import org.apache.parquet.io.api.Binary;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.MessageTypeParser;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.sftn.LocalSpark;
import org.sftn.ObjectStore;
import org.sftn.TestSettings;
import org.sftn.conf.Settings;
import org.sftn.conf.Sha256;
import org.sftn.conf.UserException;
import org.sftn.data.Sample;
import org.sftn.data.TestData;
import org.sftn.data.image.TestImages;
import org.sftn.data.shard.Manifest;
import org.sftn.data.shard.Preparer;

class TableSourceTest {
    private static final List<String> CLASSES = List.of("cat", "dog", "eel");
    private static final String FEATURES = "{\"info\": {\"features\": {\"image\": {\"_type\": \"Image\"}, \"label\":"
            + " {\"names\": [\"cat\", \"dog\", \"eel\"], \"_type\": \"ClassLabel\"}}}}";

    private static JavaSparkContext spark;
    private static SparkSession session;

    @TempDir
    Path folder;

    private Path in;

    @BeforeAll
    static void start() {
        spark = LocalSpark.start(
                2,
                Map.of(
                        "spark.hadoop.fs.object.impl", ObjectStore.class.getName(),
                        "spark.sql.warehouse.dir", System.getProperty("java.io.tmpdir")));
        session = SparkSession.builder().getOrCreate();
    }

    @AfterAll
    static void stop() {
        spark.stop();
    }

    @BeforeEach
    void makeFolder() throws IOException {
        in = Files.createDirectories(folder.resolve("in[1]"));
    }

    private static byte[] jpeg(int seed) {
        return TestImages.file(TestImages.detailed(20 + seed % 5, 16, seed), "jpeg");
    }

    private static String name(int number) {
        return String.format(Locale.ROOT, "image %02d.jpg", number);
    }

    /** As {@code datasets} writes them: images number, number + 1, ..., each of the class that it is a multiple of three from. */
    private void huggingFace(String file, int first, int count, String features) throws IOException {
        MessageType schema = MessageTypeParser.parseMessageType("message schema { optional group image {"
                + " optional binary bytes; optional binary path (UTF8); } optional int64 label; }");
        SimpleGroupFactory groups = new SimpleGroupFactory(schema);
        var path = new org.apache.hadoop.fs.Path(in.resolve(file).toUri());
        try (ParquetWriter<Group> writer = ExampleParquetWriter.builder(path)
                .withType(schema)
                .withConf(new Configuration())
                .withExtraMetaData(features == null ? Map.of() : Map.of("huggingface", features))
                .build()) {
            for (int i = first + count - 1; i >= first; i--) {
                Group row = groups.newGroup().append("label", i % 3L);
                row.addGroup("image")
                        .append("bytes", Binary.fromConstantByteArray(jpeg(i)))
                        .append("path", name(i));
                writer.write(row);
            }
        }
    }

    private void huggingFace() throws IOException {
        huggingFace("train-0.parquet", 0, 7, FEATURES);
        huggingFace("train-1.parquet", 7, 5, FEATURES);
        huggingFace("test.parquet", 20, 6, FEATURES);
    }

    /** The same images. */
    private void folders() throws IOException {
        for (int i = 0; i < 26; i++) {
            if (i < 12 || i >= 20) {
                Path file =
                        folder.resolve("folders/" + (i < 12 ? "train/" : "test/") + CLASSES.get(i % 3) + "/" + name(i));
                Files.createDirectories(file.getParent());
                Files.write(file, jpeg(i));
            }
        }
    }

    private static StructField field(String name, DataType type) {
        return DataTypes.createStructField(name, type, true);
    }

    private void write(String to, int files, StructType schema, List<Row> rows) {
        session.createDataFrame(rows, schema)
                .repartition(files)
                .write()
                .parquet(in.resolve(to).toString());
    }

    private Settings settings(String... more) {
        Map<String, String> values = new HashMap<>(Map.of(
                "prepare.source", "table",
                "prepare.input", in.toString(),
                "prepare.table.train", "train*",
                "prepare.table.test", "test*",
                "prepare.store", "files",
                "prepare.image-size", "8",
                "prepare.shard-size", "4000B",
                "prepare.max-rejected-share", "0.7"));
        for (int i = 0; i < more.length; i += 2) {
            values.put(more[i], more[i + 1]);
        }
        return TestSettings.with(values);
    }

    private Manifest prepare(String out, String... more) {
        return TestData.prepare(spark, settings(more), 5, folder.resolve(out));
    }

    private List<String> check(String... more) {
        return new Preparer(spark, settings(more), 5, System.out).check();
    }

    private void refused(String message, String... more) {
        assertThatThrownBy(() -> check(more)).isInstanceOf(UserException.class).hasMessage(message);
    }

    private String rejected(String out) throws IOException {
        return Files.readString(folder.resolve(out).resolve("rejected.csv"));
    }

    /** All visible files below a folder. */
    private Map<String, byte[]> files(String out) throws IOException {
        Map<String, byte[]> files = new TreeMap<>();
        try (Stream<Path> all = Files.walk(folder.resolve(out))) {
            for (Path path : all.filter(Files::isRegularFile).toList()) {
                if (!path.getFileName().toString().startsWith(".")) {
                    files.put(folder.resolve(out).relativize(path).toString(), Files.readAllBytes(path));
                }
            }
        }
        return files;
    }

    private void assertSameFiles(String out, String other) throws IOException {
        Map<String, byte[]> expected = files(other);
        Map<String, byte[]> actual = files(out);
        assertThat(actual.keySet()).isEqualTo(expected.keySet());
        expected.forEach((name, bytes) -> assertThat(actual.get(name)).as(name).isEqualTo(bytes));
    }

    @Test
    void huggingFacesFilesGiveTheImagesOfTheFolders() throws IOException {
        huggingFace();
        folders();
        Manifest table = prepare("table");
        Manifest folders = prepare(
                "of-folders",
                "prepare.source",
                "image-folder",
                "prepare.input",
                folder.resolve("folders").toString());

        assertThat(table.source()).isEqualTo("table");
        assertThat(table.classNames()).isEqualTo(CLASSES);
        assertThat(table.train().shards()).hasSizeGreaterThan(1);
        assertThat(table.identity()).isEqualTo(folders.identity());
        assertThat(TestData.samples(spark, folder.resolve("table"), "test"))
                .extracting(Sample::name)
                .containsExactlyInAnyOrder(name(20), name(21), name(22), name(23), name(24), name(25));
        assertThat(files("table").keySet()).noneMatch(name -> name.startsWith("staged"));
    }

    @Test
    void checkingReadsNoImages() throws IOException {
        huggingFace();

        assertThat(check()).containsExactly("table, 12 training and 6 test images of 3 classes");
    }

    @Test
    void theBytesDoNotDependOnHowTheTableIsSplit() throws IOException {
        StructType schema = new StructType(
                new StructField[] {field("a.picture", DataTypes.BinaryType), field("class", DataTypes.StringType)});
        List<Row> rows = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            rows.add(RowFactory.create(jpeg(i), CLASSES.get(i % 3)));
        }
        String[] columns = {"prepare.table.image-column", "a.picture", "prepare.table.label-column", "class"};
        for (int files : new int[] {1, 5}) {
            write("train-" + files, files, schema, rows);
            write("test-" + files, 1, schema, rows.subList(0, 6));
            Settings settings = settings(Stream.concat(
                            Stream.of(columns),
                            Stream.of("prepare.table.train", "train-" + files, "prepare.table.test", "test-" + files))
                    .toArray(String[]::new));
            TestData.prepare(spark, settings, 5, folder.resolve("of-" + files));
        }

        assertSameFiles("of-5", "of-1");
        // Without names an image is called by its digest.
        assertThat(TestData.samples(spark, folder.resolve("of-5"), "train"))
                .allSatisfy(sample -> assertThat(sample.name())
                        .isEqualTo(Sha256.hex(Sha256.digest().digest(sample.image()))));
    }

    @Test
    void queriesNamesOfTablesAndSplitColumns() throws IOException {
        huggingFace();
        Manifest files = prepare("files");
        String train = "parquet.`" + in.resolve("train-*.parquet").toString().replace("[1]", "?1?") + "`";
        String test = "parquet.`" + in.resolve("test.parquet").toString().replace("[1]", "?1?") + "`";

        Manifest queries = prepare(
                "queries",
                "prepare.table.train",
                "SELECT image, label FROM " + train,
                "prepare.table.test",
                "with t as (select * from " + test + ")\nselect * from t");
        assertThat(queries.classNames()).isEqualTo(CLASSES);
        assertThat(queries.identity()).isEqualTo(files.identity());

        session.sql("select *, 'training' part from " + train + " union all select *, 'val' part from " + test
                        + " union all select *, null part from " + test)
                .createOrReplaceGlobalTempView("animals");
        String[] one = {
            "prepare.table.format", "table",
            "prepare.table.train", "global_temp.animals",
            "prepare.table.test", "",
            "prepare.table.split-column", "part",
            "prepare.table.train-value", "training",
            "prepare.table.test-value", "val"
        };
        assertThat(check(one))
                .containsExactly(
                        "table, 12 training and 6 test images of 3 classes",
                        "prepare.table.train = global_temp.animals: 6 rows passed over, whose part is null");
        assertThat(prepare("one", one).identity()).isEqualTo(files.identity());
        one[11] = "test";
        one[10] = "prepare.table.test-value";
        refused(
                "prepare.table.train = global_temp.animals has no row of prepare.table.test-value = test; it has null,"
                        + " training, val",
                Stream.concat(Stream.of(one), Stream.of("prepare.table.train-value", "training"))
                        .toArray(String[]::new));
    }

    @Test
    void pathsAreReadWhereTheyAre() throws IOException {
        folders();
        StringBuilder csv = new StringBuilder("file,kind\n");
        for (int i = 0; i < 12; i++) {
            csv.append("train/").append(CLASSES.get(i % 3)).append('/').append(name(i));
            csv.append(',').append(CLASSES.get(i % 3)).append('\n');
        }
        Path input = folder.resolve("folders");
        Files.writeString(
                input.resolve("test.csv"),
                csv.toString().replaceAll("(?m)^train.*\\n", "") + "test/cat/" + name(21) + ",cat\ntest/dog/" + name(22)
                        + ",dog\n");
        Files.writeString(input.resolve("train.csv"), csv + "none.jpg,cat\na:b/c.jpg,cat\n,dog\nx.jpg,\n");

        Manifest manifest = TestData.prepare(spark, csv(input), 5, folder.resolve("out"));
        assertThat(manifest.train().images()).isEqualTo(12);
        assertThat(manifest.train().digest())
                .isEqualTo(prepare("of-folders", "prepare.source", "image-folder", "prepare.input", input.toString())
                        .train()
                        .digest());
        assertThat(rejected("out").lines().toList())
                .contains(
                        "train,none.jpg,there is no file file:" + input + "/none.jpg",
                        "train,a row of label dog,\"it has no path, the table says null\"",
                        "train,x.jpg,\"it has no label, the table says null\"")
                .anySatisfy(line -> assertThat(line).startsWith("train,a:b/c.jpg,its path cannot be used: "))
                .hasSize(5);
    }

    private static Settings csv(Path input) {
        Map<String, String> values = new HashMap<>(Map.of(
                "prepare.source", "table",
                "prepare.input", input.toString(),
                "prepare.table.format", "csv",
                "prepare.table.train", "train.csv",
                "prepare.table.test", "test.csv",
                "prepare.table.image-column", "file",
                "prepare.table.label-column", "kind",
                "prepare.store", "files",
                "prepare.image-size", "8",
                "prepare.max-rejected-share", "0.7"));
        values.put("prepare.table.options.header", "true");
        values.put("prepare.shard-size", "4000B");
        return TestSettings.with(values);
    }

    @Test
    void rowsThatCannotBeUsedAreRejectedByName() throws IOException {
        StructType image = new StructType(
                new StructField[] {field("bytes", DataTypes.BinaryType), field("path", DataTypes.StringType)});
        StructType schema = new StructType(new StructField[] {
            field("image", image), field("label", DataTypes.IntegerType), field("id", DataTypes.LongType)
        });
        write(
                "train",
                2,
                schema,
                List.of(
                        RowFactory.create(RowFactory.create(jpeg(0), "a.jpg"), 0, 1L),
                        RowFactory.create(RowFactory.create(jpeg(1), null), 1, 2L),
                        RowFactory.create(RowFactory.create(jpeg(2), "c.jpg"), 2, 3L),
                        RowFactory.create(RowFactory.create(jpeg(3), "d.jpg"), null, 4L),
                        RowFactory.create(RowFactory.create(null, "e.jpg"), 0, 5L),
                        RowFactory.create(null, 1, null),
                        RowFactory.create(RowFactory.create(new byte[0], "g.jpg"), 1, 7L),
                        RowFactory.create(RowFactory.create("text".getBytes(StandardCharsets.UTF_8), null), 1, null)));

        write("test", 1, schema, List.of(RowFactory.create(RowFactory.create(jpeg(8), null), 0, 9L)));

        Manifest manifest = prepare("out", "prepare.table.name-column", "id");
        assertThat(manifest.classNames()).containsExactly("0", "1", "2");
        assertThat(manifest.train().imagesPerClass()).containsExactly(1L, 1L, 1L);
        assertThat(TestData.samples(spark, folder.resolve("out"), "train"))
                .extracting(Sample::name)
                .containsExactlyInAnyOrder("1", "2", "3");
        String text = Sha256.hex(Sha256.digest().digest("text".getBytes(StandardCharsets.UTF_8)));
        assertThat(rejected("out").lines().toList())
                .contains(
                        "train,4,\"it has no label, the table says null\"",
                        "train,5,\"it has no bytes, the table says null\"",
                        "train,a row of label 1,\"it has no bytes, the table says null\"",
                        "train,7,it is empty")
                .anySatisfy(line -> assertThat(line).startsWith("train," + text + ","))
                .hasSize(6);
    }

    @Test
    void mistakesSayWhichColumnsAndFormatsThereAre() throws IOException {
        huggingFace();
        String columns = "image (struct<bytes:binary,path:string>), label (bigint)";
        String train = "prepare.table.train = file:" + in.toString().replace("[1]", "\\[1\\]") + "/train*";
        refused(train + " has no column 'img'; it has " + columns, "prepare.table.image-column", "img");
        refused(
                "the column 'label' of " + train
                        + " must be binary, a struct with binary bytes, or a text, the path of a"
                        + " file; the columns are " + columns,
                "prepare.table.image-column",
                "label");
        refused(
                "the column 'image' of " + train + " must be a text or a whole number; the columns are " + columns,
                "prepare.table.label-column",
                "image");
        refused(
                train
                        + " cannot be read: this Spark does not know the format 'delta'; if a package has it, give that to"
                        + " Spark with --packages",
                "prepare.table.format",
                "delta");
        refused("there is nothing to prepare: prepare.table.test is empty", "prepare.table.test", "");
        refused(
                "prepare.table.train and prepare.table.test are both train*: a model would be tested on the images that it"
                        + " was trained on",
                "prepare.table.test",
                "train*");
        startsWith(
                "prepare.table.test = file:" + in.toString().replace("[1]", "\\[1\\]")
                        + "/none cannot be read: [PATH_NOT_FOUND]",
                "prepare.table.test",
                "none");
        startsWith("prepare.table.test = select cannot be read: [", "prepare.table.test", "select ");
        startsWith(
                "prepare.table.test = select * from none cannot be read: [TABLE_OR_VIEW_NOT_FOUND]",
                "prepare.table.test",
                "select * from none");
        Files.writeString(in.resolve("no.parquet"), "this is no Parquet file at all");
        startsWith(
                "prepare.table.test = file:" + in.toString().replace("[1]", "\\[1\\]") + "/no.parquet cannot be read: ",
                "prepare.table.test",
                "no.parquet");
    }

    private void startsWith(String message, String... more) {
        assertThatThrownBy(() -> check(more))
                .isInstanceOf(UserException.class)
                .hasMessageStartingWith(message)
                .message()
                .doesNotContain("\n");
    }

    @Test
    void namesThatDoNotFitTheNumbersAreRefused() throws IOException {
        huggingFace("train.parquet", 0, 6, FEATURES.replace(", \"eel\"", ""));
        huggingFace("test.parquet", 20, 6, null);
        refused("training images have labels that are none of the 2 classes that file:" + in
                + "/train.parquet names: 2");

        huggingFace("test-1.parquet", 20, 6, FEATURES);
        Files.delete(in.resolve("test.parquet"));
        assertThatThrownBy(() -> check()).isInstanceOf(UserException.class).hasMessageContaining("has 2 classes, ");

        Files.writeString(in.resolve("names.txt"), "x\ny\nz\n");
        assertThat(prepare("out", "prepare.class-names", "names.txt").classNames())
                .containsExactly("x", "y", "z");
    }

    @Test
    void aRunThatWasStoppedGoesOnWithWhatIsStaged() throws Exception {
        huggingFace();
        prepare("undisturbed");
        String out = folder.resolve("out").toString();
        // Stopped in the middle of staging: what is there is of no use.
        Path staged = Files.createDirectories(folder.resolve("out/staged/train"));
        Files.writeString(staged.resolve("0-x"), "part");
        Preparer preparer = new Preparer(spark, settings(), 5, System.out);
        Source source = Sources.open(settings(), 5, spark);
        var folderOfStaged = new org.apache.hadoop.fs.Path(out, "staged");
        assertThat(said(source, folderOfStaged)).contains("train: reading 12 rows", "test: reading 6 rows");
        assertThat(staged.resolve("0-x")).doesNotExist();
        // Stopped later: it is used.
        assertThat(said(Sources.open(settings(), 5, spark), folderOfStaged))
                .contains("train: the table's rows are there", "test: the table's rows are there");
        // A file of it is gone, the other split is whole.
        try (Stream<Path> files = Files.list(staged)) {
            Files.delete(files.filter(file -> file.getFileName().toString().matches("\\d.*"))
                    .findFirst()
                    .orElseThrow());
        }
        assertThat(said(Sources.open(settings(), 5, spark), folderOfStaged))
                .contains("train: reading 12 rows", "test: the table's rows are there");

        preparer.prepare(out);
        assertSameFiles("out", "undisturbed");

        // Another table is not taken for it.
        said(Sources.open(settings(), 5, spark), folderOfStaged);
        huggingFace("train-2.parquet", 12, 3, FEATURES);
        assertThat(said(Sources.open(settings(), 5, spark), folderOfStaged)).contains("train: reading 15 rows");
    }

    private static String said(Source source, org.apache.hadoop.fs.Path staged) throws IOException {
        ByteArrayOutputStream said = new ByteArrayOutputStream();
        source.staged(staged, new PrintStream(said, true, StandardCharsets.UTF_8));
        return said.toString(StandardCharsets.UTF_8);
    }

    @Test
    void stagingHoldsInAnObjectStore() throws Exception {
        huggingFace();
        Manifest local = prepare("local");
        String out = ObjectStore.SCHEME + "://" + folder.resolve("out");

        Manifest there = new Preparer(spark, settings(), 5, System.out).prepare(out);

        assertThat(there.identity()).isEqualTo(local.identity());
        assertThat(files("out").keySet()).isEqualTo(files("local").keySet());
    }

    @Test
    void aPreparedDataSetIsATable() throws IOException {
        huggingFace();
        Files.writeString(in.resolve("names.txt"), "cat\ndog\neel\nfox\n");
        prepare("out", "prepare.class-names", "names.txt");
        String out = folder.resolve("out").toString();

        var shards = session.read().parquet(out + "/train");
        assertThat(shards.schema().simpleString()).isEqualTo("struct<image:binary,label:int,name:string,crc32c:int>");
        assertThat(shards.filter("label = 1").orderBy("name").collectAsList())
                .extracting(row -> row.getString(2))
                .containsExactly(name(1), name(4), name(7), name(10));
        assertThat(shards.filter("name = '" + name(5) + "'").first().<byte[]>getAs("image"))
                .isEqualTo(jpeg(5));
        assertThat(session.read()
                        .option("header", "true")
                        .csv(out + "/rejected.csv")
                        .columns())
                .containsExactly("split", "image", "reason");
        assertThat(session.read()
                        .option("multiLine", "true")
                        .json(out + "/manifest.json")
                        .selectExpr("posexplode(arrays_zip(class_names, train.images_per_class))")
                        .selectExpr("pos", "col.class_names", "col.images_per_class")
                        .collectAsList())
                .extracting(Row::toString)
                .containsExactly("[0,cat,4]", "[1,dog,4]", "[2,eel,4]", "[3,fox,0]");
    }
}
