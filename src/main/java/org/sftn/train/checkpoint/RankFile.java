package org.sftn.train.checkpoint;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.security.DigestInputStream;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.util.Locale;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.sftn.conf.HadoopFiles;
import org.sftn.conf.Sha256;
import org.sftn.model.Safetensors;

/** One rank's file of a checkpoint. */
public final class RankFile {
    private static final int BUFFER = 1 << 20;

    private RankFile() {}

    public static Checkpoint.File write(Path folder, int rank, ReplicaState state, Configuration hadoop)
            throws IOException {
        Path path = new Path(folder, "rank-" + rank + ".safetensors");
        FileSystem files = path.getFileSystem(hadoop);
        MessageDigest digest = Sha256.digest();
        HadoopFiles.write(files, path, true, file -> {
            OutputStream out = new BufferedOutputStream(new DigestOutputStream(file, digest), BUFFER);
            state.write(out);
            out.flush();
        });
        return new Checkpoint.File(path.getName(), files.getFileStatus(path).getLen(), hex(digest));
    }

    /** @throws IOException when it is not the very file that was written */
    public static ReplicaState read(Path folder, Checkpoint.File file, Configuration hadoop) throws IOException {
        Path path = new Path(folder, file.name());
        MessageDigest digest = Sha256.digest();
        try (InputStream in = open(path, file, digest, hadoop)) {
            Safetensors content = Safetensors.read(in, file.bytes());
            requireSame(path, file, digest);
            return ReplicaState.of(content);
        } catch (IllegalArgumentException e) {
            throw new IOException(path + " is no rank's file: " + e.getMessage(), e);
        }
    }

    /** @throws IOException when it is not the very file that was written */
    static void verify(Path folder, Checkpoint.File file, Configuration hadoop) throws IOException {
        Path path = new Path(folder, file.name());
        MessageDigest digest = Sha256.digest();
        try (InputStream in = open(path, file, digest, hadoop)) {
            in.transferTo(OutputStream.nullOutputStream());
        }
        requireSame(path, file, digest);
    }

    private static InputStream open(Path path, Checkpoint.File file, MessageDigest digest, Configuration hadoop)
            throws IOException {
        FileSystem files = path.getFileSystem(hadoop);
        long bytes = files.getFileStatus(path).getLen();
        if (bytes != file.bytes()) {
            throw new IOException(String.format(Locale.ROOT, "%s has %d bytes, not %d", path, bytes, file.bytes()));
        }
        return new DigestInputStream(new BufferedInputStream(files.open(path), BUFFER), digest);
    }

    private static void requireSame(Path path, Checkpoint.File file, MessageDigest digest) throws IOException {
        String found = hex(digest);
        if (!found.equals(file.sha256())) {
            throw new IOException(
                    String.format(Locale.ROOT, "%s has the SHA-256 %s, not %s", path, found, file.sha256()));
        }
    }

    private static String hex(MessageDigest digest) {
        return Sha256.hex(digest.digest());
    }
}
