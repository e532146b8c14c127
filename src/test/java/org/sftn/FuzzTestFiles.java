package org.sftn;

import java.io.EOFException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.net.URI;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FSInputStream;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.permission.FsPermission;
import org.apache.hadoop.util.Progressable;

/** A Hadoop file system of the files that a thread gives it: {@code fuzz:/NAME}. */
public final class FuzzTestFiles extends FileSystem {
    private static final ThreadLocal<Map<String, byte[]>> FILES = ThreadLocal.withInitial(Map::of);
    private static final Path ROOT = new Path("fuzz:/");

    /** @param files by name */
    public static void hold(Map<String, byte[]> files) {
        FILES.set(files);
    }

    public static Path root() {
        return ROOT;
    }

    public static Path path(String name) {
        return new Path(ROOT, name);
    }

    public static Configuration hadoop() {
        Configuration hadoop = new Configuration();
        hadoop.setClass("fs.fuzz.impl", FuzzTestFiles.class, FileSystem.class);
        return hadoop;
    }

    public static FSDataInputStream stream(byte[] content) {
        return new FSDataInputStream(new Content(content));
    }

    private static final class Content extends FSInputStream {
        private final byte[] bytes;
        private int at;

        Content(byte[] bytes) {
            this.bytes = bytes;
        }

        @Override
        public void seek(long position) throws IOException {
            if (position < 0 || position > bytes.length) {
                throw new EOFException("no byte " + position);
            }
            at = (int) position;
        }

        @Override
        public long getPos() {
            return at;
        }

        @Override
        public boolean seekToNewSource(long target) {
            return false;
        }

        @Override
        public int read() {
            return at < bytes.length ? bytes[at++] & 0xFF : -1;
        }

        @Override
        public int read(byte[] to, int offset, int length) {
            if (at >= bytes.length) {
                return length == 0 ? 0 : -1;
            }
            int count = Math.min(length, bytes.length - at);
            System.arraycopy(bytes, at, to, offset, count);
            at += count;
            return count;
        }
    }

    private static byte[] content(Path path) throws FileNotFoundException {
        byte[] content = FILES.get().get(path.getName());
        if (content == null) {
            throw new FileNotFoundException(path.toString());
        }
        return content;
    }

    @Override
    public URI getUri() {
        return ROOT.toUri();
    }

    @Override
    public FSDataInputStream open(Path path, int bufferSize) throws IOException {
        return stream(content(path));
    }

    @Override
    public FileStatus getFileStatus(Path path) throws IOException {
        return new FileStatus(content(path).length, false, 1, 1 << 20, 0, path);
    }

    @Override
    public FileStatus[] listStatus(Path path) {
        return FILES.get().entrySet().stream()
                .map(file -> new FileStatus(file.getValue().length, false, 1, 1 << 20, 0, path(file.getKey())))
                .toArray(FileStatus[]::new);
    }

    @Override
    public FSDataOutputStream create(
            Path path,
            FsPermission permission,
            boolean overwrite,
            int bufferSize,
            short replication,
            long blockSize,
            Progressable progress) {
        throw new UnsupportedOperationException();
    }

    @Override
    public FSDataOutputStream append(Path path, int bufferSize, Progressable progress) {
        throw new UnsupportedOperationException();
    }

    @Override
    public boolean rename(Path from, Path to) {
        throw new UnsupportedOperationException();
    }

    @Override
    public boolean delete(Path path, boolean recursive) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void setWorkingDirectory(Path path) {}

    @Override
    public Path getWorkingDirectory() {
        return ROOT;
    }

    @Override
    public boolean mkdirs(Path path, FsPermission permission) {
        throw new UnsupportedOperationException();
    }
}
