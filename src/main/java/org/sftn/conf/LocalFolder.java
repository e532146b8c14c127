package org.sftn.conf;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.Function;

/**
 * What a folder of this machine is good for. It is tried: permissions tell nothing of full disks, of those that are mounted read-only
 * and, to root, of anything.
 */
public final class LocalFolder {
    private LocalFolder() {}

    /**
     * Makes the folder if it is missing, and a file in it that is gone afterwards.
     *
     * @param content of the file
     * @param use takes the file while it is there, and says what is wrong with it, if anything
     * @return why the folder cannot be used; empty when it can
     */
    public static Optional<String> refusal(Path folder, byte[] content, Function<Path, Optional<String>> use) {
        try {
            // It may be a link to a folder, which would be taken for a file.
            if (!Files.isDirectory(folder)) {
                Files.createDirectories(folder);
            }
            Path file = Files.createTempFile(folder, ".sftn-", ".tmp");
            try {
                Files.write(file, content);
                return use.apply(file);
            } finally {
                Files.delete(file);
            }
        } catch (IOException e) {
            return Optional.of(reason(e));
        }
    }

    /** Without the path, which may be all that the message says. */
    static String reason(IOException e) {
        if (e instanceof FileSystemException failed && failed.getReason() != null) {
            return failed.getReason();
        }
        if (e instanceof AccessDeniedException) {
            return "Permission denied";
        }
        if (e instanceof NoSuchFileException) {
            return "there is no such folder";
        }
        return e instanceof FileAlreadyExistsException ? "it is a file" : String.valueOf(e.getMessage());
    }
}
