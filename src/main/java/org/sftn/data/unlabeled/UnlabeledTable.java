package org.sftn.data.unlabeled;

import java.io.IOException;
import java.io.Serializable;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.UnsupportedFileSystemException;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RuntimeConfig;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.BinaryType;
import org.apache.spark.sql.types.BooleanType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DoubleType;
import org.apache.spark.sql.types.FloatType;
import org.apache.spark.sql.types.MapType;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import org.jspecify.annotations.Nullable;
import org.sftn.conf.Printable;
import org.sftn.conf.Sha256;
import org.sftn.conf.UserException;
import org.sftn.data.image.ImageFile;
import org.sftn.data.image.UnusableImageException;
import org.sftn.data.source.ImageTable;
import org.sftn.data.source.InputFiles;

/**
 * A table of Spark SQL whose rows are images without labels.
 *
 * @param rows a partition is a part; those of files are the same whatever executors there are
 * @param images finds them in the rows
 * @param passed the columns that go with the images
 * @param identity a digest of the files' paths, lengths and times; empty when the table is not of files alone: then its parts may be
 *     others when it is read again
 */
public record UnlabeledTable(JavaRDD<Row> rows, Images images, List<PassedColumn> passed, Optional<String> identity) {
    private static final String NO_NAME = "";

    /**
     * A row's.
     *
     * @param file null when the row has a path in its place, or neither
     * @param path null when the row has no path
     */
    private record RowImage(
            String name, byte @Nullable [] file, @Nullable String path, List<@Nullable Object> passed)
            implements UnlabeledImage {
        @Override
        public long length() {
            return file == null ? 0 : file.length;
        }

        @Override
        public byte[] read(InputFiles files) throws IOException, UnusableImageException {
            if (file != null) {
                if (file.length > ImageFile.MAX_FILE_BYTES) {
                    throw new UnusableImageException(ImageFile.TOO_LONG);
                }
                return file;
            }
            if (path == null) {
                throw new UnusableImageException("the table says null");
            }
            try {
                return files.whole(path, ImageFile.MAX_FILE_BYTES);
            } catch (IllegalArgumentException | UnsupportedFileSystemException e) {
                throw new UnusableImageException("its path cannot be used: " + Printable.of(e.getMessage()), e);
            }
        }
    }

    /**
     * Finds images in rows, on an executor.
     *
     * @param passed how many columns, from the first on, go with the images
     */
    public record Images(ImageTable.Columns columns, int passed) implements Serializable {
        public Iterator<UnlabeledImage> of(Iterator<Row> rows) {
            return new Iterator<>() {
                @Override
                public boolean hasNext() {
                    return rows.hasNext();
                }

                @Override
                public UnlabeledImage next() {
                    return image(rows.next());
                }
            };
        }

        private UnlabeledImage image(Row row) {
            List<@Nullable Object> values = new ArrayList<>();
            for (int i = 0; i < passed; i++) {
                values.add(row.get(i));
            }
            byte[] file = columns.bytes(row);
            return new RowImage(
                    name(row, file),
                    file,
                    columns.kind() == ImageTable.Kind.PATH ? columns.path(row) : null,
                    Collections.unmodifiableList(values));
        }

        private String name(Row row, byte @Nullable [] file) {
            String name = columns.name(row);
            if (name != null && !name.isEmpty()) {
                return Printable.of(name);
            }
            return file == null ? NO_NAME : Sha256.of(file);
        }
    }

    /**
     * Reads the schema, and of files their lengths and times.
     *
     * @param nameColumn "" for none
     * @param passed names of columns that go with the images
     * @param partBytes about how many bytes of files a part has
     * @throws UserException as {@link ImageTable#open}; also when a column cannot go with the images
     */
    public static UnlabeledTable open(
            JavaSparkContext spark,
            ImageTable.Place place,
            String imageColumn,
            String nameColumn,
            List<String> passed,
            long partBytes)
            throws IOException {
        ImageTable table = ImageTable.open(spark, place, imageColumn, nameColumn);
        RuntimeConfig conf = table.rows().sparkSession().conf();
        conf.set("spark.sql.files.maxPartitionBytes", partBytes);
        // Otherwise the parts would depend on the number of cores.
        conf.set("spark.sql.files.minPartitionNum", 1);
        List<PassedColumn> columns = new ArrayList<>();
        List<Column> selected = new ArrayList<>();
        for (String name : passed) {
            int at = table.column(name);
            PassedColumn column = passed(place, table.rows().schema().fields()[at]);
            Column reference = table.reference(at);
            columns.add(column);
            selected.add(column.type() == PassedColumn.Type.TEXT ? reference.cast("string") : reference);
        }
        ImageTable.Columns found = table.columns();
        selected.add(table.reference(found.image()));
        if (found.name() >= 0) {
            selected.add(table.reference(found.name()));
        }
        int image = columns.size();
        JavaRDD<Row> rows = table.rows().select(selected.toArray(Column[]::new)).javaRDD();
        if (rows.getNumPartitions() == 0) {
            throw new UserException("there are no images in " + place);
        }
        return new UnlabeledTable(
                rows,
                new Images(
                        new ImageTable.Columns(
                                found.kind(), image, found.bytes(), found.path(), found.name() < 0 ? -1 : image + 1),
                        image),
                List.copyOf(columns),
                place.isPath() ? identity(table.files(), spark.hadoopConfiguration()) : Optional.empty());
    }

    private static PassedColumn passed(ImageTable.Place place, StructField field) {
        DataType type = field.dataType();
        if (ImageTable.isWholeNumber(field)) {
            return new PassedColumn(field.name(), PassedColumn.Type.INTEGER);
        }
        if (type instanceof FloatType || type instanceof DoubleType) {
            return new PassedColumn(field.name(), PassedColumn.Type.NUMBER);
        }
        if (type instanceof BooleanType) {
            return new PassedColumn(field.name(), PassedColumn.Type.TRUTH);
        }
        if (type instanceof BinaryType
                || type instanceof ArrayType
                || type instanceof MapType
                || type instanceof StructType) {
            throw new UserException(String.format(
                    Locale.ROOT,
                    "the column '%s' of %s cannot go with the images: it is %s; a query can make a text or a number of it",
                    Printable.of(field.name()),
                    place,
                    type.simpleString()));
        }
        return new PassedColumn(field.name(), PassedColumn.Type.TEXT);
    }

    private static Optional<String> identity(List<Path> files, Configuration hadoop) throws IOException {
        if (files.isEmpty()) {
            return Optional.empty();
        }
        MessageDigest digest = Sha256.digest();
        for (Path file : files) {
            FileStatus status = file.getFileSystem(hadoop).getFileStatus(file);
            UnlabeledImages.digest(digest, file.toString(), status.getLen(), status.getModificationTime());
        }
        return Optional.of(Sha256.hex(digest.digest()));
    }
}
