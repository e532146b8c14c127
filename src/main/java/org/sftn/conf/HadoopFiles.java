package org.sftn.conf;

import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.hadoop.fs.ChecksumException;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FSError;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/** What Hadoop's local file system does not say when it fails: which file cannot be written, and which file disagrees with which. */
public final class HadoopFiles {
    private static final Pattern CHECKSUM =
            Pattern.compile("Checksum (?:error: |.* size in )(?<file>.+) at \\d+(?: exp: .*| checksumpos: .*)?");

    private HadoopFiles() {}

    /** What a file is to hold. */
    @FunctionalInterface
    public interface Content {
        /** Leaves the stream open. */
        void writeTo(OutputStream out) throws IOException;
    }

    /**
     * Makes a file. Nothing is left of one that cannot be written.
     *
     * @throws IOException which names the file
     */
    public static void write(FileSystem files, Path path, boolean overwrite, Content content) throws IOException {
        FSDataOutputStream created;
        try {
            created = files.create(path, overwrite);
        } catch (IOException | FSError e) {
            throw unwritten(path, e);
        }
        try (created) {
            content.writeTo(created);
        } catch (IOException | RuntimeException | FSError e) {
            delete(files, path, e);
            if (e instanceof RuntimeException wrong) {
                throw wrong;
            }
            throw unwritten(path, e);
        }
    }

    /** Of what has failed with {@code because}. */
    public static void delete(FileSystem files, Path path, Throwable because) {
        try {
            files.delete(path, true);
        } catch (IOException | FSError e) {
            because.addSuppressed(e);
        }
    }

    public static IOException unwritten(Path path, Throwable thrown) {
        return new IOException(path + " cannot be written: " + reason(thrown), thrown);
    }

    /** The message of what a file system has thrown. */
    public static String reason(Throwable thrown) {
        if (thrown instanceof ChecksumException damage) {
            return reason(damage);
        }
        boolean envelope = thrown instanceof FSError || thrown instanceof UncheckedIOException;
        if (envelope && thrown.getCause() != null) {
            return reason(thrown.getCause());
        }
        return thrown.getMessage() == null ? thrown.toString() : thrown.getMessage();
    }

    // Of a local file, whose checksum is a hidden file beside it.
    private static String reason(ChecksumException damage) {
        Matcher message = CHECKSUM.matcher(damage.getMessage());
        if (!message.matches()) {
            return "a file is damaged: " + damage.getMessage();
        }
        Path file = new Path(message.group("file"));
        String scheme = file.toUri().getScheme();
        if (scheme != null && !scheme.equals("file")) {
            return "a file is damaged: " + damage.getMessage();
        }
        return file + " does not agree with its checksum " + new Path(file.getParent(), "." + file.getName() + ".crc")
                + ": one of the two is damaged; delete the checksum if you changed the file yourself";
    }
}
