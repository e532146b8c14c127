package org.sftn.data.source;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.LocalFileSystem;
import org.apache.hadoop.fs.Path;
import org.sftn.conf.HadoopPath;
import org.sftn.conf.PrepareSettings;
import org.sftn.conf.Printable;
import org.sftn.conf.UserException;

/**
 * All that lies in a folder of a source, also what Hadoop does not list because it cannot hold the name.
 *
 * @param folders in the order of their names
 * @param files in the order of their names
 * @param hidden names, see {@link #isHidden}
 * @param unreadable in the order of their names
 */
public record InputFolder(
        List<FileStatus> folders, List<FileStatus> files, List<String> hidden, List<Unreadable> unreadable) {
    /** Of code points, as Python sorts; Java's own order differs beyond U+FFFF. */
    public static final Comparator<String> BY_NAME =
            Comparator.comparing(name -> name.getBytes(StandardCharsets.UTF_8), Arrays::compareUnsigned);

    /** What macOS's archiver adds, with a file for each file. */
    private static final String RESOURCE_FORKS = "__MACOSX";

    /**
     * What cannot be opened.
     *
     * @param name made printable
     * @param folder whether it is or may be a folder
     */
    record Unreadable(String name, String reason, boolean folder) {}

    /**
     * The folder that a source is to read, by {@code prepare.input}.
     *
     * @param what it has to be
     */
    static Path given(PrepareSettings settings, String what, Configuration hadoop) {
        if (settings.input().isBlank()) {
            throw new UserException("there is nothing to prepare: prepare.input is empty, " + what);
        }
        return HadoopPath.asGiven("prepare.input", settings.input(), hadoop);
    }

    /**
     * @throws FileNotFoundException when it is not there
     * @throws UserException when it may not be read
     */
    public static InputFolder list(Path folder, Configuration hadoop) throws IOException {
        FileSystem system = folder.getFileSystem(hadoop);
        List<FileStatus> folders = new ArrayList<>();
        List<FileStatus> files = new ArrayList<>();
        List<String> hidden = new ArrayList<>();
        List<Unreadable> unreadable = new ArrayList<>();
        Set<String> listed = new HashSet<>();
        // Not listFiles: it asks for permissions, for which the local file system starts a process for each file.
        for (FileStatus each : system.listStatus(folder)) {
            String name = each.getPath().getName();
            listed.add(name);
            if (isHidden(name)) {
                hidden.add(name);
            } else if (system instanceof LocalFileSystem && name.contains(":")) {
                unreadable.add(new Unreadable(
                        Printable.of(name), "its name has a colon, which Hadoop cannot hold", each.isDirectory()));
            } else {
                (each.isDirectory() ? folders : files).add(each);
            }
        }
        if (system instanceof LocalFileSystem local) {
            addUnlisted(local.pathToFile(folder).toPath(), listed, hidden, unreadable);
        }
        Comparator<FileStatus> order =
                Comparator.comparing(each -> each.getPath().getName(), BY_NAME);
        folders.sort(order);
        files.sort(order);
        hidden.sort(BY_NAME);
        unreadable.sort(Comparator.comparing(Unreadable::name, BY_NAME));
        return new InputFolder(
                Collections.unmodifiableList(folders),
                Collections.unmodifiableList(files),
                Collections.unmodifiableList(hidden),
                Collections.unmodifiableList(unreadable));
    }

    /**
     * @param folder this one, for the message
     * @throws UserException when a file that ends in {@code extension} cannot be opened
     */
    public void requireReadable(Path folder, String extension) {
        unreadable.stream()
                .filter(each -> each.name().endsWith(extension))
                .findFirst()
                .ifPresent(each -> {
                    throw new UserException(String.format(
                            Locale.ROOT, "%s in %s cannot be used: %s", each.name(), folder, each.reason()));
                });
    }

    // Hadoop leaves out what Java's File cannot find again by its name.
    private static void addUnlisted(
            java.nio.file.Path folder, Set<String> listed, List<String> hidden, List<Unreadable> unreadable)
            throws IOException {
        try (DirectoryStream<java.nio.file.Path> all = Files.newDirectoryStream(folder)) {
            for (java.nio.file.Path each : all) {
                String name = each.getFileName().toString();
                if (listed.contains(name)) {
                    continue;
                }
                if (isHidden(name)) {
                    hidden.add(name);
                } else {
                    unreadable.add(unlisted(each, name));
                }
            }
        } catch (AccessDeniedException e) {
            throw new UserException("the folder " + folder + " may not be read", e);
        }
    }

    private static Unreadable unlisted(java.nio.file.Path path, String name) {
        String printable = Printable.of(name);
        if (!isDecoded(path, name)) {
            return new Unreadable(
                    printable,
                    "its name is not in this JVM's encoding, " + System.getProperty("sun.jnu.encoding"),
                    Files.isDirectory(path));
        }
        boolean mayBeFolder = !name.contains(".");
        return Files.isSymbolicLink(path) && !Files.exists(path)
                ? new Unreadable(printable, "it is a link to nothing", mayBeFolder)
                : new Unreadable(printable, "it cannot be reached", mayBeFolder);
    }

    private static boolean isDecoded(java.nio.file.Path path, String name) {
        try {
            return path.resolveSibling(name).equals(path);
        } catch (InvalidPathException e) {
            return false;
        }
    }

    /** Whether a name begins with a dot, as of notebooks' checkpoints and macOS's resource forks, or is the folder of the latter. */
    static boolean isHidden(String name) {
        return name.startsWith(".") && !name.equals("..") || name.equals(RESOURCE_FORKS);
    }

    /** @throws FileNotFoundException when one is not there */
    static boolean isSame(Path folder, Path other, Configuration hadoop) throws IOException {
        Optional<java.nio.file.Path> real = real(folder, hadoop);
        return real.isPresent() ? real.equals(real(other, hadoop)) : folder.equals(other);
    }

    /** Where links lead in the end; empty on file systems that have none. */
    static Optional<java.nio.file.Path> real(Path folder, Configuration hadoop) throws IOException {
        return folder.getFileSystem(hadoop) instanceof LocalFileSystem local
                ? Optional.of(local.pathToFile(folder).toPath().toRealPath())
                : Optional.empty();
    }
}
