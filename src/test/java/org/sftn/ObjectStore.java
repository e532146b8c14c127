package org.sftn;

import java.io.ByteArrayOutputStream;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.OutputStream;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Abortable;
import org.apache.hadoop.fs.CommonPathCapabilities;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FileAlreadyExistsException;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RawLocalFileSystem;
import org.apache.hadoop.fs.StreamCapabilities;
import org.apache.hadoop.fs.permission.FsPermission;
import org.apache.hadoop.util.Progressable;

/**
 * Local folders that behave as Hadoop's S3A does, under {@code object:///}: a file is there when its stream is closed and not before,
 * nothing can be flushed, two that make the same file do not notice. Renaming, which would be copying, fails.
 */
public final class ObjectStore extends FileSystem {
    public static final String SCHEME = "object";

    private final RawLocalFileSystem local = new RawLocalFileSystem();

    @Override
    public void initialize(URI name, Configuration conf) throws IOException {
        super.initialize(name, conf);
        setConf(conf);
        local.initialize(URI.create("file:///"), conf);
    }

    @Override
    public String getScheme() {
        return SCHEME;
    }

    @Override
    public URI getUri() {
        return URI.create(SCHEME + ":///");
    }

    private static Path there(Path path) {
        return new Path("file:" + path.toUri().getPath());
    }

    private static FileStatus here(FileStatus status) {
        return new FileStatus(
                status.getLen(),
                status.isDirectory(),
                1,
                status.getBlockSize(),
                status.getModificationTime(),
                new Path(SCHEME + "://" + status.getPath().toUri().getPath()));
    }

    @Override
    public boolean hasPathCapability(Path path, String capability) throws IOException {
        return capability.equals(CommonPathCapabilities.ABORTABLE_STREAM) || super.hasPathCapability(path, capability);
    }

    @Override
    public FSDataInputStream open(Path path, int bufferSize) throws IOException {
        return local.open(there(path), bufferSize);
    }

    @Override
    public FSDataOutputStream create(
            Path path,
            FsPermission permission,
            boolean overwrite,
            int bufferSize,
            short replication,
            long blockSize,
            Progressable progress)
            throws IOException {
        if (exists(path) && (!overwrite || getFileStatus(path).isDirectory())) {
            throw new FileAlreadyExistsException(path + " exists");
        }
        return new FSDataOutputStream(new Put(local.pathToFile(there(path)).toPath()), null);
    }

    private static final class Put extends OutputStream implements Abortable, StreamCapabilities {
        private final ByteArrayOutputStream content = new ByteArrayOutputStream();
        private final java.nio.file.Path file;
        private boolean ended;

        Put(java.nio.file.Path file) {
            this.file = file;
        }

        @Override
        public void write(int value) {
            content.write(value);
        }

        @Override
        public void write(byte[] bytes, int offset, int length) {
            content.write(bytes, offset, length);
        }

        @Override
        public boolean hasCapability(String capability) {
            return capability.equals(CommonPathCapabilities.ABORTABLE_STREAM);
        }

        @Override
        public AbortableResult abort() {
            boolean before = ended;
            ended = true;
            return new AbortableResult() {
                @Override
                public boolean alreadyClosed() {
                    return before;
                }

                @Override
                public IOException anyCleanupException() {
                    return null;
                }
            };
        }

        @Override
        public void close() throws IOException {
            if (ended) {
                return;
            }
            ended = true;
            Files.createDirectories(file.getParent());
            java.nio.file.Path whole = Files.createTempFile("object-", "");
            Files.write(whole, content.toByteArray());
            Files.move(whole, file, StandardCopyOption.ATOMIC_MOVE);
        }
    }

    @Override
    public FSDataOutputStream append(Path path, int bufferSize, Progressable progress) {
        throw new UnsupportedOperationException("an object cannot grow");
    }

    @Override
    public boolean rename(Path from, Path to) {
        throw new UnsupportedOperationException("an object is copied to get another name: " + from + ", " + to);
    }

    @Override
    public boolean delete(Path path, boolean recursive) throws IOException {
        return local.delete(there(path), recursive);
    }

    @Override
    public FileStatus[] listStatus(Path path) throws FileNotFoundException, IOException {
        return Arrays.stream(local.listStatus(there(path)))
                .map(ObjectStore::here)
                .toArray(FileStatus[]::new);
    }

    @Override
    public void setWorkingDirectory(Path folder) {}

    @Override
    public Path getWorkingDirectory() {
        return new Path(SCHEME + ":///");
    }

    @Override
    public boolean mkdirs(Path path, FsPermission permission) throws IOException {
        return local.mkdirs(there(path));
    }

    @Override
    public FileStatus getFileStatus(Path path) throws IOException {
        return here(local.getFileStatus(there(path)));
    }
}
