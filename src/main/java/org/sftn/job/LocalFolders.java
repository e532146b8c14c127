package org.sftn.job;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.spark.SparkConf;
import org.apache.spark.util.Utils;
import org.sftn.conf.LocalFolder;
import org.sftn.conf.UserException;

/** Where Spark shuffles and spills on the driver's machine. If it can use none it ends the process, with an exit code of its own. */
final class LocalFolders {
    // Bytes. What a run needs depends on its data; with less than this a disk is full.
    private static final int LEAST_ROOM = 1 << 20;

    private LocalFolders() {}

    /** @throws UserException when none can be used; Spark itself warns of some */
    static void requireOne(SparkConf conf) {
        List<String> refusals = new ArrayList<>();
        for (String folder : Utils.getConfiguredLocalDirs(conf)) {
            Optional<String> refusal = refusal(folder.strip());
            if (refusal.isEmpty()) {
                return;
            }
            refusals.add(folder.strip() + ": " + refusal.get());
        }
        throw new UserException("Spark has no local folder that it can use (" + String.join("; ", refusals)
                + "): set spark.local.dir, or the variable SPARK_LOCAL_DIRS, which comes first, to a folder with room");
    }

    private static Optional<String> refusal(String folder) {
        try {
            return LocalFolder.refusal(Path.of(folder), new byte[LEAST_ROOM], file -> Optional.empty());
        } catch (InvalidPathException e) {
            return Optional.of(e.getReason());
        }
    }
}
