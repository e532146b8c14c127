package org.sftn.train;

import java.io.IOException;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/** Small files on any Hadoop file system. */
final class Files {
    private Files() {}

    /** @throws IOException also when the file is longer than the limit */
    static byte[] read(Path path, int limit, Configuration hadoop) throws IOException {
        FileSystem files = path.getFileSystem(hadoop);
        try (FSDataInputStream in = files.open(path)) {
            byte[] content = in.readNBytes(limit + 1);
            if (content.length > limit) {
                throw new IOException(path + " is longer than " + limit + " bytes");
            }
            return content;
        }
    }
}
