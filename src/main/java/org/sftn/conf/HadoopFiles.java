package org.sftn.conf;

import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.StandardCopyOption;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.ChecksumException;
import org.apache.hadoop.fs.CommonPathCapabilities;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FSError;
import org.apache.hadoop.fs.FileContext;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Options.Rename;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RawLocalFileSystem;

/**
 * Files that are whole or not there, on any file system; and what Hadoop's local file system does not say when it fails: which file
 * cannot be written, and which file disagrees with which.
 */
public final class HadoopFiles {
    /** Ends the name of a file that is being made and has its own name later. */
    public static final String UNFINISHED = ".unfinished";

    // Of a file system whose streams can be given up: a file is there when its stream is closed, and not before.
    private static final String WHOLE_AT_CLOSE = CommonPathCapabilities.ABORTABLE_STREAM;
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
     * Makes a file, whose readers may see the beginning of it. Nothing is left of one that cannot be written.
     *
     * @throws IOException which names the file
     */
    public static void write(FileSystem files, Path path, boolean overwrite, Content content) throws IOException {
        FSDataOutputStream created = create(files, path, overwrite);
        try {
            fill(created, path, content);
        } catch (IOException | RuntimeException e) {
            delete(files, path, e);
            throw e;
        }
    }

    /**
     * Makes a file, or replaces it. Its readers see all of the old one or all of the new one; a failure leaves the old one.
     *
     * @throws IOException which names the file
     */
    public static void replace(Path path, Configuration hadoop, Content content) throws IOException {
        replace(path.getFileSystem(hadoop), path, path.suffix(UNFINISHED), hadoop, content);
    }

    /**
     * @param files of the path, or the local one without checksums
     * @param unfinished where the file is made if the file system wants that; nobody else uses this name at the time
     */
    public static void replace(FileSystem files, Path path, Path unfinished, Configuration hadoop, Content content)
            throws IOException {
        if (isWholeAtClose(files, path)) {
            fill(create(files, path, true), path, content);
            return;
        }
        write(files, unfinished, true, content);
        if (files instanceof RawLocalFileSystem local) {
            Files.move(
                    local.pathToFile(unfinished).toPath(),
                    local.pathToFile(path).toPath(),
                    StandardCopyOption.ATOMIC_MOVE);
        } else {
            FileContext.getFileContext(path.toUri(), hadoop).rename(unfinished, path, Rename.OVERWRITE);
        }
    }

    /**
     * Whether a file is there only when all of it is, as in object stores; there, on the other hand, a file is copied to get another
     * name, two that make the same one do not notice, and what is flushed cannot be read.
     */
    public static boolean isWholeAtClose(FileSystem files, Path path) throws IOException {
        return files.hasPathCapability(path, WHOLE_AT_CLOSE);
    }

    private static FSDataOutputStream create(FileSystem files, Path path, boolean overwrite) throws IOException {
        try {
            return files.create(path, overwrite);
        } catch (IOException | FSError e) {
            throw unwritten(path, e);
        }
    }

    /** Where files are whole or not there, this one will not be there when its stream is closed. */
    public static void giveUp(FSDataOutputStream out) {
        if (out.hasCapability(WHOLE_AT_CLOSE)) {
            out.abort();
        }
    }

    /** Closes the stream; gives the file up when it cannot be filled, where the file system can. */
    private static void fill(FSDataOutputStream out, Path path, Content content) throws IOException {
        try (out) {
            try {
                content.writeTo(out);
            } catch (IOException | RuntimeException | FSError e) {
                giveUp(out);
                throw e;
            }
        } catch (IOException | FSError e) {
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

    /** A file is longer than it may be. */
    public static final class TooLongException extends IOException {
        private static final long serialVersionUID = 1L;

        private TooLongException(Path path, int limit) {
            super(path + " is longer than " + limit + " bytes");
        }
    }

    /**
     * A small file.
     *
     * @throws TooLongException when the file is longer than the limit
     */
    public static byte[] read(Path path, int limit, Configuration hadoop) throws IOException {
        try (FSDataInputStream in = path.getFileSystem(hadoop).open(path)) {
            byte[] content = in.readNBytes(limit + 1);
            if (content.length > limit) {
                throw new TooLongException(path, limit);
            }
            return content;
        }
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
