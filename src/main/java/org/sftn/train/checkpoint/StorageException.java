package org.sftn.train.checkpoint;

import java.io.IOException;
import java.io.UncheckedIOException;
import org.apache.hadoop.fs.FSError;
import org.jspecify.annotations.Nullable;

/** Files of the run or of the data set could not be read or written; that may pass. */
public final class StorageException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** @param cause null when it is known by the message alone */
    public StorageException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }

    /** Whether this says that files could not be read or written; on a full disk Hadoop's local file system throws an error. */
    public static boolean isStorage(Throwable e) {
        return e instanceof IOException
                || e instanceof UncheckedIOException
                || e instanceof FSError
                || e instanceof StorageException;
    }
}
