package org.sftn.data.source;

import com.typesafe.config.Config;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.Row;
import org.apache.spark.util.SerializableConfiguration;
import org.jspecify.annotations.Nullable;
import org.sftn.conf.HadoopPath;
import org.sftn.conf.PrepareSettings;
import org.sftn.conf.Printable;
import org.sftn.conf.Settings;
import org.sftn.conf.Sha256;
import org.sftn.conf.TableOptions;
import org.sftn.conf.UserException;
import org.sftn.data.image.ImageFile;
import org.sftn.data.task.TaskErrors;

/**
 * Tables that Spark SQL reads, one a split, or one with a column that says the split. Spark SQL reads no row by its number, so images
 * that are values of a table are staged. They are in the order of their labels, names and SHA-256, however Spark splits the table.
 *
 * @param splits by split
 * @param input what paths in a table are relative to
 */
record TableSource(
        ClassLabels classes,
        Map<Split, Labeled> splits,
        List<String> remarks,
        Path input,
        ImageForm form,
        JavaSparkContext spark)
        implements Source {
    /**
     * The rows of a split.
     *
     * @param table with labels in column 1
     * @param rows by label; null stands for none
     */
    record Labeled(ImageTable table, Map<@Nullable String, Long> rows) {
        static Labeled of(ImageTable all, int label) {
            ImageTable table = all.labeled(label);
            return new Labeled(table, count(table, 1));
        }

        Set<String> labels() {
            Set<@Nullable String> labels = new HashSet<>(rows.keySet());
            labels.remove(null);
            labels.remove("");
            return labels;
        }

        long images() {
            return rows.values().stream().mapToLong(count -> count).sum();
        }
    }

    /** An image file that a table names. */
    private record PathImage(String file, String name, int label, long length, ImageForm form) implements Item {
        @Override
        public Candidate read(InputFiles files) throws IOException {
            return form.candidate(name, label, () -> files.whole(file, ImageFile.MAX_FILE_BYTES));
        }
    }

    /** {@code prepare.table}. */
    record TableSettings(
            String format,
            Config options,
            String train,
            String test,
            String splitColumn,
            String trainValue,
            String testValue,
            String imageColumn,
            String labelColumn,
            String nameColumn) {}

    static Source open(Settings settings, String path, JavaSparkContext spark) throws IOException {
        PrepareSettings prepare = settings.prepare();
        TableSettings own = settings.bind(path, TableSettings.class);
        ImageForm form = ImageForm.of(prepare);
        Configuration hadoop = spark.hadoopConfiguration();
        String folder = prepare.input().isBlank() ? "." : prepare.input();
        Path input = HadoopPath.of("prepare.input", folder, hadoop);
        Optional<ClassNames> given = ClassLabels.named(prepare, input, hadoop);
        String labelColumn = own.labelColumn();
        List<String> remarks = new ArrayList<>();
        Map<Split, ImageTable> tables = tables(own, input, spark, remarks);
        ImageTable train = tables.get(Split.TRAIN);
        ImageTable test = tables.get(Split.TEST);
        boolean numbers = isNumber(train, labelColumn);
        if (numbers != isNumber(test, labelColumn)) {
            throw new UserException(String.format(
                    Locale.ROOT,
                    "the column '%s' is a text in one and a whole number in the other of %s and %s",
                    labelColumn,
                    train.place(),
                    test.place()));
        }
        Optional<ClassNames> named = given.isPresent() || !numbers ? given : featured(train, test, labelColumn);
        Map<Split, Labeled> splits = new EnumMap<>(Split.class);
        tables.forEach((split, table) -> splits.put(split, Labeled.of(table, table.label(labelColumn))));
        ClassLabels classes = ClassLabels.of(
                splits.get(Split.TRAIN).labels(), splits.get(Split.TEST).labels(), numbers, named);
        return new TableSource(classes, splits, List.copyOf(remarks), input, form, spark);
    }

    private static Map<Split, ImageTable> tables(
            TableSettings settings, Path input, JavaSparkContext spark, List<String> remarks) {
        boolean apart = settings.splitColumn().isEmpty();
        ImageTable train = open("prepare.table.train", settings.train(), settings, input, spark);
        if (apart) {
            if (settings.train().equals(settings.test())) {
                throw new UserException("prepare.table.train and prepare.table.test are both "
                        + Printable.of(settings.test())
                        + ": a model would be tested on the images that it was trained on");
            }
            ImageTable test = open("prepare.table.test", settings.test(), settings, input, spark);
            return Map.of(Split.TRAIN, train, Split.TEST, test);
        }
        if (!settings.test().isBlank()) {
            throw new UserException(String.format(
                    Locale.ROOT,
                    "prepare.table.test is %s and prepare.table.split-column is '%s': a table that has both splits is prepare.table.train, and prepare.table.test is empty",
                    Printable.of(settings.test()),
                    settings.splitColumn()));
        }
        int column = train.column(settings.splitColumn());
        Map<@Nullable String, Long> values = count(train, column);
        if (settings.trainValue().equals(settings.testValue())) {
            throw new UserException("prepare.table.train-value and prepare.table.test-value are both "
                    + settings.testValue() + ": a model would be tested on the images that it was trained on");
        }
        Map<Split, ImageTable> tables = new EnumMap<>(Split.class);
        tables.put(Split.TRAIN, part(train, column, "prepare.table.train-value", settings.trainValue(), values));
        tables.put(Split.TEST, part(train, column, "prepare.table.test-value", settings.testValue(), values));
        values.remove(settings.trainValue());
        values.remove(settings.testValue());
        values.entrySet().stream()
                .map(each -> String.format(
                        Locale.ROOT,
                        "%s: %,d rows passed over, whose %s is %s",
                        train.place(),
                        each.getValue(),
                        settings.splitColumn(),
                        Printable.of(String.valueOf(each.getKey()))))
                .sorted()
                .forEach(remarks::add);
        return tables;
    }

    private static ImageTable open(
            String what, String from, TableSettings settings, Path input, JavaSparkContext spark) {
        if (from.isBlank()) {
            throw new UserException("there is nothing to prepare: " + what + " is empty");
        }
        ImageTable.Place place =
                new ImageTable.Place(what, settings.format(), from, TableOptions.texts(settings.options()));
        if (place.isPath()) {
            Path path = HadoopPath.pattern(input, what, from, spark.hadoopConfiguration());
            place = new ImageTable.Place(
                    what, settings.format(), path.toString(), TableOptions.texts(settings.options()));
        }
        return ImageTable.open(spark, place, settings.imageColumn(), settings.nameColumn());
    }

    private static ImageTable part(
            ImageTable table, int column, String setting, String value, Map<@Nullable String, Long> values) {
        if (!values.containsKey(value)) {
            throw new UserException(String.format(
                    Locale.ROOT,
                    "%s has no row of %s = %s; it has %s",
                    table.place(),
                    setting,
                    value,
                    ClassNames.some(values.keySet().stream()
                            .map(each -> Printable.of(String.valueOf(each)))
                            .sorted()
                            .toList())));
        }
        return table.where(table.reference(column).cast("string").equalTo(value));
    }

    /** Rows by a column's value as a text; null stands for none. */
    private static Map<@Nullable String, Long> count(ImageTable table, int column) {
        Map<@Nullable String, Long> counts = new HashMap<>();
        for (Row row : table.rows()
                .select(table.reference(column).cast("string").as("value"))
                .groupBy("value")
                .count()
                .collectAsList()) {
            counts.put(row.getString(0), row.getLong(1));
        }
        return counts;
    }

    private static boolean isNumber(ImageTable table, String labelColumn) {
        return ImageTable.isWholeNumber(table.rows().schema().fields()[table.label(labelColumn)]);
    }

    private static Optional<ClassNames> featured(ImageTable train, ImageTable test, String labelColumn)
            throws IOException {
        List<ClassNames> all = Stream.of(train.classNames(labelColumn), test.classNames(labelColumn))
                .flatMap(Optional::stream)
                .toList();
        if (all.isEmpty()) {
            return Optional.empty();
        }
        ClassNames.common(all);
        return Optional.of(all.get(0));
    }

    @Override
    public List<String> classNames() {
        return classes.names();
    }

    @Override
    public int imageSize() {
        return form.imageSize();
    }

    @Override
    public long images(Split split) {
        return splits.get(split).images();
    }

    @Override
    public List<Item> items(Split split) {
        throw new IllegalStateException("the images of a table have to be staged");
    }

    @Override
    public long bytes(Split split) {
        throw new IllegalStateException("the images of a table have to be staged");
    }

    @Override
    public Source staged(Path folder, PrintStream out) throws IOException {
        String identity = identity();
        Map<Split, List<? extends Item>> items = new EnumMap<>(Split.class);
        Map<Split, Long> bytes = new EnumMap<>(Split.class);
        Map<Split, List<Rejection>> unlisted = new EnumMap<>(Split.class);
        for (Split split : Split.values()) {
            Path ofSplit = new Path(folder, split.key());
            Staging staging = staged(split, ofSplit, identity, out);
            items.put(split, items(staging, ofSplit));
            bytes.put(
                    split,
                    staging.parts().stream()
                            .flatMap(part -> part.images().stream())
                            .mapToLong(image -> form.stored(image.length()))
                            .sum());
            unlisted.put(
                    split,
                    staging.parts().stream()
                            .flatMap(part -> part.refused().stream())
                            .map(each -> new Rejection(split, -1, each.name(), each.reason()))
                            .sorted(Comparator.comparing(Rejection::name, InputFolder.BY_NAME)
                                    .thenComparing(Rejection::reason))
                            .toList());
        }
        return new ListedSource(classes.names(), items, bytes, unlisted, remarks, form.imageSize());
    }

    private Staging staged(Split split, Path folder, String identity, PrintStream out) throws IOException {
        Configuration hadoop = spark.hadoopConfiguration();
        Staging earlier = Staging.read(folder, identity, hadoop);
        if (earlier != null) {
            out.printf(Locale.ROOT, "%s: the table's rows are there from an earlier run%n", split.key());
            return earlier;
        }
        ImageTable table = splits.get(split).table();
        FileSystem files = folder.getFileSystem(hadoop);
        files.delete(folder, true);
        files.mkdirs(folder);
        out.printf(Locale.ROOT, "%s: reading %,d rows of the table%n", split.key(), images(split));
        Staging.Task task = new Staging.Task(
                table.columns(),
                Map.copyOf(classes.labels()),
                input.toString(),
                folder.toString(),
                new SerializableConfiguration(hadoop));
        spark.sc().setJobDescription("read the table of the " + split.key() + " split");
        List<Staging.Part> parts = table.rows()
                .toJavaRDD()
                .mapPartitions(
                        rows -> TaskErrors.within(() -> List.of(task.run(rows)).iterator()))
                .collect();
        Staging staging = new Staging(identity, parts);
        staging.write(folder, hadoop);
        return staging;
    }

    private List<? extends Item> items(Staging staging, Path folder) {
        record Placed(String file, Staging.Image image) {}
        return staging.parts().stream()
                .flatMap(part -> part.images().stream()
                        .map(image -> new Placed(
                                image.path() == null ? new Path(folder, part.file()).toString() : image.path(), image)))
                .sorted(Comparator.<Placed>comparingInt(each -> each.image().label())
                        .thenComparing(each -> each.image().name(), InputFolder.BY_NAME)
                        .thenComparing(each -> each.image().sha256())
                        .thenComparing(each -> Objects.toString(each.image().path(), "")))
                .map(each -> item(each.file(), each.image()))
                .toList();
    }

    private Item item(String file, Staging.Image image) {
        return image.path() == null
                ? new FilePart(file, image.offset(), (int) image.length(), image.name(), image.label(), form)
                : new PathImage(file, image.name(), image.label(), image.length(), form);
    }

    /** Of what is known of the tables without reading images: another one must be staged anew. */
    private String identity() throws IOException {
        MessageDigest digest = Sha256.digest();
        List<Object> known = new ArrayList<>(List.of(classes.names(), input));
        for (Split split : Split.values()) {
            Labeled labeled = splits.get(split);
            known.add(labeled.table().place());
            known.add(labeled.table().rows().schema().json());
            known.add(labeled.table().columns());
            labeled.rows().entrySet().stream().map(String::valueOf).sorted().forEach(known::add);
            for (Path file : labeled.table().files()) {
                known.add(status(file));
            }
        }
        known.forEach(each -> digest.update((each + "\n").getBytes(StandardCharsets.UTF_8)));
        return Sha256.hex(digest.digest());
    }

    private String status(Path file) throws IOException {
        try {
            FileStatus status = file.getFileSystem(spark.hadoopConfiguration()).getFileStatus(file);
            return file + " " + status.getLen() + " " + status.getModificationTime();
        } catch (FileNotFoundException e) {
            throw new UserException("the table cannot be read: there is no " + file, e);
        }
    }
}
