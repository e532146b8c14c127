package org.sftn.data.source;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.Serializable;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.UnsupportedFileSystemException;
import org.apache.spark.TaskContext;
import org.apache.spark.sql.Row;
import org.apache.spark.util.SerializableConfiguration;
import org.jspecify.annotations.Nullable;
import org.sftn.conf.HadoopFiles;
import org.sftn.conf.Json;
import org.sftn.conf.Printable;
import org.sftn.conf.Sha256;
import org.sftn.data.image.ImageFile;
import org.sftn.data.image.UnusableImageException;

/**
 * Where the images of a table are, when Spark has gone through it once. Image files that are values of the table have been written one
 * behind the other into files of their own, a file per task, from which they can be read in any order.
 *
 * @param identity of the table and of what was made of it
 */
record Staging(String identity, List<Part> parts) {
    /** Written last: without it nothing is staged. */
    private static final String LISTING = "listing.json";

    /**
     * What a task has gone through.
     *
     * @param file its name in the folder; null when no image was written
     * @param bytes of the file
     */
    record Part(@Nullable String file, long bytes, List<Image> images, List<Refused> refused) implements Serializable {}

    /**
     * An image.
     *
     * @param path of its file; null when it is in the part's
     * @param offset in the part's file
     * @param sha256 of the bytes; "" when they are in a file of their own
     */
    record Image(@Nullable String path, String name, int label, long offset, long length, String sha256)
            implements Serializable {}

    /** A row that cannot be used. */
    record Refused(String name, String reason) implements Serializable {}

    /**
     * What a task needs besides its rows.
     *
     * @param columns of rows whose label is in column 1
     * @param labels by what stands in the table
     * @param input what paths are relative to
     * @param folder for the files that are written
     */
    record Task(
            ImageTable.Columns columns,
            Map<String, Integer> labels,
            String input,
            String folder,
            SerializableConfiguration hadoop)
            implements Serializable {
        private static final int LABEL = 1;

        Part run(Iterator<Row> rows) throws IOException {
            List<Image> images = new ArrayList<>();
            List<Refused> refused = new ArrayList<>();
            if (columns.kind() == ImageTable.Kind.PATH) {
                while (rows.hasNext()) {
                    add(rows.next(), null, images, refused);
                }
                return new Part(null, 0, images, refused);
            }
            if (!rows.hasNext()) {
                return new Part(null, 0, images, refused);
            }
            // Attempts at a task do not meet, nor do runs.
            String file = TaskContext.get().taskAttemptId() + "-" + UUID.randomUUID();
            Path path = new Path(folder, file);
            long[] written = new long[1];
            HadoopFiles.write(path.getFileSystem(hadoop.value()), path, false, out -> {
                while (rows.hasNext()) {
                    add(rows.next(), out, images, refused);
                }
                written[0] = end(images);
            });
            return new Part(file, written[0], images, refused);
        }

        private static long end(List<Image> images) {
            if (images.isEmpty()) {
                return 0;
            }
            Image last = images.get(images.size() - 1);
            return last.offset() + last.length();
        }

        /** @param out for the image; null when images are files of their own */
        private void add(Row row, @Nullable OutputStream out, List<Image> images, List<Refused> refused)
                throws IOException {
            byte[] bytes = columns.bytes(row);
            String sha256 = bytes == null ? "" : Sha256.of(bytes);
            String name = name(row, sha256);
            try {
                int label = label(row);
                if (out == null) {
                    images.add(file(columns.path(row), name, label));
                    return;
                }
                if (bytes == null) {
                    throw new UnusableImageException("it has no bytes, the table says null");
                }
                if (bytes.length > ImageFile.MAX_FILE_BYTES) {
                    throw new UnusableImageException(ImageFile.TOO_LONG);
                }
                Image image = new Image(null, name, label, end(images), bytes.length, sha256);
                out.write(bytes);
                images.add(image);
            } catch (UnusableImageException e) {
                refused.add(new Refused(name, e.getMessage()));
            }
        }

        private String name(Row row, String sha256) {
            String name = columns.name(row);
            if (name == null || name.isEmpty()) {
                name = sha256.isEmpty() ? "a row of label " + row.get(LABEL) : sha256;
            }
            return Printable.of(name);
        }

        private int label(Row row) throws UnusableImageException {
            if (row.isNullAt(LABEL)) {
                throw new UnusableImageException("it has no label, the table says null");
            }
            String text = String.valueOf(row.get(LABEL));
            Integer label = labels.get(text);
            if (label == null) {
                // The table has changed since its labels were counted, or there is nothing in the text.
                throw new UnusableImageException("its label is '" + Printable.of(text) + "', which is no class");
            }
            return label;
        }

        private Image file(@Nullable String path, String name, int label) throws IOException, UnusableImageException {
            if (path == null) {
                throw new UnusableImageException("it has no path, the table says null");
            }
            Path file;
            FileSystem files;
            try {
                file = new Path(new Path(input), path);
                files = file.getFileSystem(hadoop.value());
            } catch (IllegalArgumentException | UnsupportedFileSystemException e) {
                throw new UnusableImageException("its path cannot be used: " + Printable.of(e.getMessage()), e);
            }
            long length;
            try {
                length = files.getFileStatus(file).getLen();
            } catch (FileNotFoundException e) {
                throw new UnusableImageException("there is no file " + Printable.of(file.toString()), e);
            }
            return new Image(file.toString(), name, label, 0, length, "");
        }
    }

    void write(Path folder, Configuration hadoop) throws IOException {
        HadoopFiles.replace(
                new Path(folder, LISTING),
                hadoop,
                out -> out.write(Json.line(this).getBytes(StandardCharsets.UTF_8)));
    }

    /** @return null when nothing, or something else, or not all is there */
    static @Nullable Staging read(Path folder, String identity, Configuration hadoop) throws IOException {
        FileSystem files = folder.getFileSystem(hadoop);
        Staging staging;
        try (InputStream in = files.open(new Path(folder, LISTING))) {
            staging = Json.OPEN.readValue(in, Staging.class);
        } catch (FileNotFoundException | com.fasterxml.jackson.core.JacksonException e) {
            return null;
        }
        if (staging == null || !identity.equals(staging.identity())) {
            return null;
        }
        for (Part part : staging.parts()) {
            if (part.file() != null && !isThere(files, new Path(folder, part.file()), part.bytes())) {
                return null;
            }
        }
        return staging;
    }

    private static boolean isThere(FileSystem files, Path file, long bytes) throws IOException {
        try {
            return files.getFileStatus(file).getLen() == bytes;
        } catch (FileNotFoundException e) {
            return false;
        }
    }
}
