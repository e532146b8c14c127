package org.sftn.job;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.spark.SparkConf;
import org.sftn.conf.Cause;
import org.sftn.conf.UserException;

/** Spark's folders on the driver's machine. When none can be written Spark ends the process, with an exit code of its own. */
final class LocalFolders {
    private static final int ROOM = 1 << 20;

    private LocalFolders() {}

    /** @throws UserException when none can be */
    static void requireWritable(SparkConf conf) {
        if (System.getenv("CONTAINER_ID") != null) {
            // YARN has made them.
            return;
        }
        String folders = Optional.ofNullable(System.getenv("SPARK_LOCAL_DIRS"))
                .orElseGet(() -> conf.get("spark.local.dir", System.getProperty("java.io.tmpdir")));
        List<String> reasons = new ArrayList<>();
        for (String folder : folders.split(",")) {
            try {
                write(Path.of(folder.strip()));
                return;
            } catch (IOException | InvalidPathException e) {
                reasons.add(Cause.of(e));
            }
        }
        throw new UserException("Spark's local folder " + folders + " cannot be written (" + String.join("; ", reasons)
                + "): make room, or name another by spark.local.dir or SPARK_LOCAL_DIRS");
    }

    private static void write(Path folder) throws IOException {
        if (!Files.isDirectory(folder)) {
            Files.createDirectories(folder);
        }
        Path file = Files.createTempFile(folder, "sftn-", ".tmp");
        try {
            Files.write(file, new byte[ROOM]);
        } finally {
            Files.delete(file);
        }
    }
}
