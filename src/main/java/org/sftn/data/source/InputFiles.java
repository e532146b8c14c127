package org.sftn.data.source;

import java.io.EOFException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.file.Files;
import java.util.LinkedHashMap;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.ChecksumException;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.LocalFileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.security.AccessControlException;
import org.sftn.conf.HadoopFiles;
import org.sftn.data.image.UnusableImageException;

/** Reads from a source's files in one task, for any number of threads; a file that is read in parts stays open. */
public final class InputFiles implements AutoCloseable {
    private final Configuration hadoop;
    private final Map<String, FSDataInputStream> open = new LinkedHashMap<>();

    public InputFiles(Configuration hadoop) {
        this.hadoop = hadoop;
    }

    /**
     * All bytes of a file.
     *
     * @throws UnusableImageException when it is not there, is no file, may not be read, disagrees with its checksum, or is longer than {@code most}
     */
    public byte[] whole(String path, int most) throws IOException, UnusableImageException {
        Path file = new Path(path);
        FileSystem files = file.getFileSystem(hadoop);
        if (files instanceof LocalFileSystem local
                && isSpecial(local.pathToFile(file).toPath())) {
            throw new UnusableImageException("it is no file, but a pipe, a socket or a device");
        }
        try (FSDataInputStream in = files.open(file)) {
            byte[] bytes = in.readNBytes(most + 1);
            if (bytes.length > most) {
                throw new UnusableImageException("it is longer than " + most + " bytes");
            }
            return bytes;
        } catch (ChecksumException e) {
            throw new UnusableImageException(HadoopFiles.reason(e), e);
        } catch (FileNotFoundException | AccessControlException e) {
            // Other failures may pass: Spark tries the task again.
            throw new UnusableImageException("it cannot be read: " + e.getMessage(), e);
        }
    }

    /** Nobody may ever write to a pipe: who opens it waits. */
    private static boolean isSpecial(java.nio.file.Path file) {
        return Files.exists(file) && !Files.isRegularFile(file);
    }

    /** @throws UnusableImageException when the file ends before */
    public synchronized byte[] part(String path, long offset, int length) throws IOException, UnusableImageException {
        FSDataInputStream in = open.get(path);
        if (in == null) {
            Path file = new Path(path);
            in = file.getFileSystem(hadoop).open(file);
            open.put(path, in);
        }
        byte[] bytes = new byte[length];
        try {
            in.readFully(offset, bytes);
        } catch (EOFException e) {
            throw new UnusableImageException(path + " ends before byte " + (offset + length), e);
        }
        return bytes;
    }

    @Override
    public void close() throws IOException {
        for (FSDataInputStream in : open.values()) {
            in.close();
        }
    }
}
