package org.sftn.data.source;

import java.io.IOException;
import java.io.Serializable;
import java.net.URI;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.hadoop.fs.Path;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.AnalysisException;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.BinaryType;
import org.apache.spark.sql.types.ByteType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.IntegerType;
import org.apache.spark.sql.types.LongType;
import org.apache.spark.sql.types.ShortType;
import org.apache.spark.sql.types.StringType;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import org.jspecify.annotations.Nullable;
import org.sftn.conf.Printable;
import org.sftn.conf.UserException;

/**
 * A table of Spark SQL with an image in each row.
 *
 * @param rows with all columns; nothing is read before Spark is asked for it
 * @param columns finds image and name in a row
 */
public record ImageTable(Place place, Dataset<Row> rows, Columns columns) {
    /** The format of tables that have a name in a catalog of Spark. */
    public static final String NAMED = "table";

    private static final Pattern QUERY = Pattern.compile("(?is)\\s*(?:select|with)\\s.*");

    /** In the message of the task that has failed. */
    private static final Pattern OTHER_FORMAT =
            Pattern.compile("(?m)Exception: (?<what>\\S+ is not a Parquet file.*|Malformed ORC file.*)$");

    // Parquet's and ORC's readers take so many rows at a time: of the usual 4,096 photographs they would fill the
    // memory.
    private static final String ROWS_AT_A_TIME = "64";
    private static final List<String> READERS =
            List.of("spark.sql.parquet.columnarReaderBatchSize", "spark.sql.orc.columnarReaderBatchSize");

    /**
     * Where a table is.
     *
     * @param what names the place in messages, such as a setting
     * @param format one that Spark knows, or {@link #NAMED}
     * @param from a path or a pattern of paths; a table's name if the format is {@link #NAMED}; or, whatever the format, a query: a
     *     text that begins with select or with
     * @param options of the format's reader
     */
    public record Place(String what, String format, String from, Map<String, String> options) {
        public boolean isQuery() {
            return QUERY.matcher(from).matches();
        }

        public boolean isPath() {
            return !isQuery() && !format.equals(NAMED);
        }

        @Override
        public String toString() {
            return what + " = " + Printable.of(from.strip());
        }
    }

    /** What the column of images holds. */
    public enum Kind {
        /** Image files as binary values. */
        BINARY,
        /** As Hugging Face has them: a struct of bytes, an image file, and, as a rule, path, its name. */
        STRUCT,
        /** Paths of image files. */
        PATH
    }

    /**
     * Finds image and name in a row.
     *
     * @param image the column
     * @param bytes the field of the struct; -1 if there is none
     * @param path the field of the struct; -1 if there is none
     * @param name the column; -1 if there is none
     */
    public record Columns(Kind kind, int image, int bytes, int path, int name) implements Serializable {
        /** The image file; null when the row has none, or a path in its place. */
        public byte @Nullable [] bytes(Row row) {
            return switch (kind) {
                case BINARY -> (byte[]) row.get(image);
                case STRUCT ->
                    row.isNullAt(image) ? null : (byte[]) row.getStruct(image).get(bytes);
                case PATH -> null;
            };
        }

        /** The path, or what the file was called before it came into the table; null when the row does not say. */
        public @Nullable String path(Row row) {
            return switch (kind) {
                case BINARY -> null;
                case STRUCT ->
                    row.isNullAt(image) || path < 0
                            ? null
                            : row.getStruct(image).getString(path);
                case PATH -> row.getString(image);
            };
        }

        /** What the table calls the image: the column of names says it, or else the path; null when the row does not say. */
        public @Nullable String name(Row row) {
            return name < 0 || row.isNullAt(name) ? path(row) : String.valueOf(row.get(name));
        }
    }

    /**
     * Opens a table; reads its schema alone.
     *
     * @param imageColumn a binary column, a struct with bytes, or a text: a path
     * @param nameColumn a text or a whole number; "" for none
     * @throws UserException when Spark does not know the format or cannot read the table, or a column is not there or of another
     *     type, with those that there are
     */
    public static ImageTable open(JavaSparkContext spark, Place place, String imageColumn, String nameColumn) {
        Dataset<Row> rows = read(session(spark), place);
        return new ImageTable(place, rows, columns(place, rows.schema(), imageColumn, nameColumn));
    }

    private static SparkSession session(JavaSparkContext spark) {
        SparkSession session =
                SparkSession.builder().sparkContext(spark.sc()).getOrCreate().newSession();
        for (String reader : READERS) {
            if (!spark.getConf().contains(reader)) {
                session.conf().set(reader, ROWS_AT_A_TIME);
            }
        }
        return session;
    }

    private static Dataset<Row> read(SparkSession session, Place place) {
        try {
            if (place.isQuery()) {
                return session.sql(place.from());
            }
            return place.isPath()
                    ? session.read()
                            .format(place.format())
                            .options(place.options())
                            .load(place.from())
                    : session.table(place.from());
        } catch (Exception e) {
            // Scala does not declare what it throws.
            throw mistake(place, e);
        }
    }

    private static RuntimeException mistake(Place place, Exception thrown) {
        if (thrown instanceof ClassNotFoundException) {
            return new UserException(
                    String.format(
                            Locale.ROOT,
                            "%s cannot be read: this Spark does not know the format '%s'; if a package has it, give that to Spark with --packages",
                            place,
                            Printable.of(place.format())),
                    thrown);
        }
        String message = String.valueOf(thrown.getMessage()).strip();
        Matcher otherFormat = OTHER_FORMAT.matcher(message);
        if (otherFormat.find()) {
            return new UserException(place + " cannot be read: " + Printable.of(otherFormat.group("what")), thrown);
        }
        String reason = message.lines().findFirst().orElse("");
        if (thrown instanceof AnalysisException) {
            return new UserException(place + " cannot be read: " + Printable.whole(reason), thrown);
        }
        return thrown instanceof RuntimeException other ? other : new IllegalStateException(reason, thrown);
    }

    private static Columns columns(Place place, StructType schema, String imageColumn, String nameColumn) {
        int image = find(place, schema, imageColumn);
        int name = nameColumn.isEmpty() ? -1 : find(place, schema, nameColumn);
        if (name >= 0 && !isText(schema.fields()[name]) && !isWholeNumber(schema.fields()[name])) {
            throw unsuitable(place, schema, nameColumn, "a text or a whole number");
        }
        DataType type = schema.fields()[image].dataType();
        if (type instanceof BinaryType) {
            return new Columns(Kind.BINARY, image, -1, -1, name);
        }
        if (type instanceof StringType) {
            return new Columns(Kind.PATH, image, -1, -1, name);
        }
        if (type instanceof StructType struct) {
            int bytes = List.of(struct.fieldNames()).indexOf("bytes");
            int path = List.of(struct.fieldNames()).indexOf("path");
            if (bytes >= 0 && struct.fields()[bytes].dataType() instanceof BinaryType) {
                boolean named = path >= 0 && isText(struct.fields()[path]);
                return new Columns(Kind.STRUCT, image, bytes, named ? path : -1, name);
            }
        }
        throw unsuitable(
                place, schema, imageColumn, "binary, a struct with binary bytes, or a text, the path of a file");
    }

    private static int find(Place place, StructType schema, String column) {
        int at = List.of(schema.fieldNames()).indexOf(column);
        if (at < 0) {
            throw new UserException(String.format(
                    Locale.ROOT, "%s has no column '%s'; it has %s", place, Printable.of(column), described(schema)));
        }
        return at;
    }

    private static UserException unsuitable(Place place, StructType schema, String column, String wanted) {
        return new UserException(String.format(
                Locale.ROOT,
                "the column '%s' of %s must be %s; the columns are %s",
                column,
                place,
                wanted,
                described(schema)));
    }

    private static String described(StructType schema) {
        List<String> columns = Stream.of(schema.fields())
                .map(field -> field.name() + " (" + field.dataType().simpleString() + ")")
                .map(Printable::of)
                .toList();
        return columns.isEmpty() ? "none" : String.join(", ", columns);
    }

    static boolean isText(StructField field) {
        return field.dataType() instanceof StringType;
    }

    public static boolean isWholeNumber(StructField field) {
        DataType type = field.dataType();
        return type instanceof ByteType
                || type instanceof ShortType
                || type instanceof IntegerType
                || type instanceof LongType;
    }

    /** @throws UserException when there is none of this name, with those that there are */
    public int column(String name) {
        return find(place, rows.schema(), name);
    }

    /** @throws UserException when it is neither a text nor a whole number */
    int label(String name) {
        int at = column(name);
        StructField field = rows.schema().fields()[at];
        if (!isText(field) && !isWholeNumber(field)) {
            throw unsuitable(place, rows.schema(), name, "a text or a whole number");
        }
        return at;
    }

    /** A column by its place, whatever characters are in its name. */
    public Column reference(int column) {
        return functions.col("`" + rows.schema().fieldNames()[column].replace("`", "``") + "`");
    }

    /** The same rows with the image in column 0, the label in column 1 and, if there is one, the name in column 2. */
    ImageTable labeled(int label) {
        Column image = reference(columns.image());
        boolean named = columns.name() >= 0;
        Column[] kept = named
                ? new Column[] {image, reference(label), reference(columns.name())}
                : new Column[] {image, reference(label)};
        Columns moved = new Columns(columns.kind(), 0, columns.bytes(), columns.path(), named ? 2 : -1);
        return new ImageTable(place, rows.select(kept), moved);
    }

    /** With some of its rows alone. */
    ImageTable where(Column condition) {
        return new ImageTable(place, rows.filter(condition), columns);
    }

    /** The files that it is read from, sorted; empty when it is not of files. */
    public List<Path> files() {
        return Stream.of(rows.inputFiles())
                .map(file -> new Path(URI.create(file)))
                .sorted()
                .toList();
    }

    /**
     * What Hugging Face's features, in the footer of the table's first Parquet file, call the classes of a column.
     *
     * @throws UserException when the footer or the features cannot be read
     */
    Optional<ClassNames> classNames(String labelColumn) throws IOException {
        Optional<Path> file = files().stream()
                .filter(each -> each.getName().endsWith(".parquet"))
                .findFirst();
        return file.isEmpty()
                ? Optional.empty()
                : HuggingFace.classNames(
                        file.get(),
                        labelColumn,
                        rows.sparkSession().sparkContext().hadoopConfiguration());
    }
}
