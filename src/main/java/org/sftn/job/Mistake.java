package org.sftn.job;

import java.nio.file.AccessDeniedException;
import java.util.Optional;
import org.apache.hadoop.fs.ChecksumException;
import org.apache.hadoop.fs.PathIOException;
import org.apache.hadoop.security.AccessControlException;
import org.sftn.conf.HadoopFiles;
import org.sftn.conf.UserException;

/** What the user can mend. When an executor finds it, such as a damaged shard, it comes wrapped in Spark's exceptions. */
final class Mistake {
    private Mistake() {}

    /** The message; empty when the failure is another. */
    static Optional<String> of(Throwable thrown) {
        for (Throwable e = thrown; e != null; e = e.getCause()) {
            if (e instanceof UserException) {
                return Optional.of(e.getMessage());
            }
            if (e instanceof ChecksumException) {
                return Optional.of(HadoopFiles.reason(e));
            }
            if (isUnknownStore(e)) {
                return Optional.of(
                        ((PathIOException) e).getPath() + " cannot be used: its store has no bucket of that name");
            }
            if (e instanceof AccessControlException || e instanceof AccessDeniedException) {
                // HDFS adds the stack trace of its server.
                return e.getMessage().lines().findFirst();
            }
        }
        return Optional.empty();
    }

    /** There is no such bucket. S3A's exception is not there where its jars are not. */
    private static boolean isUnknownStore(Throwable e) {
        return e instanceof PathIOException
                && e.getClass().getName().equals("org.apache.hadoop.fs.s3a.UnknownStoreException");
    }
}
