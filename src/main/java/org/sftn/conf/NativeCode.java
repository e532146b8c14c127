package org.sftn.conf;

import java.io.File;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where native libraries are unpacked in this JVM. JavaCPP takes the user's home, JNA the home's cache, which may be missing, full,
 * read-only or mounted without the right to execute. So both get the first folder that takes a file and executes it. An executor
 * chooses its own.
 */
public final class NativeCode {
    /** JavaCPP's property for its folder. */
    static final String CACHE = "org.bytedeco.javacpp.cachedir";

    private static final Logger LOG = LoggerFactory.getLogger(NativeCode.class);

    private static final String JNA = "jna.tmpdir";

    // oneDNN, Leptonica and what they need take 104 MB.
    private static final long ROOM = 128L << 20;

    /** Chosen once a process; that there is none is remembered, too. */
    private static final class Chosen {
        static final @Nullable Path FOLDER;
        static final String REFUSAL;

        static {
            Path folder = null;
            String refusal = "";
            try {
                folder = choose(candidates());
                System.setProperty(CACHE, folder.toString());
                System.setProperty(JNA, folder.toString());
                // JavaCPP would count all memory of the process, BigDL's and the heap too, against a limit made of the
                // heap's size.
                System.setProperty("org.bytedeco.javacpp.maxPhysicalBytes", "0");
                System.setProperty("org.bytedeco.javacpp.maxBytes", "0");
            } catch (UserException e) {
                refusal = e.getMessage();
            }
            FOLDER = folder;
            REFUSAL = refusal;
        }
    }

    /**
     * Where libraries may be unpacked.
     *
     * @param shared whether others may write there: then they lie in a folder of this user's own in it
     */
    record Candidate(Path at, boolean shared) {}

    private NativeCode() {}

    /**
     * The folder for what is unpacked; JavaCPP and JNA know it, too. To be called before a native library is loaded.
     *
     * @throws UserException when there is none; it names those that were tried, with the reasons
     */
    public static Path folder() {
        if (Chosen.FOLDER == null) {
            throw new UserException(Chosen.REFUSAL);
        }
        return Chosen.FOLDER;
    }

    /** Why a library could not be loaded, in one line. */
    public static String reason(Throwable thrown) {
        Throwable cause = thrown;
        while (cause.getCause() != null) {
            cause = cause.getCause();
        }
        return cause.getMessage() == null
                ? cause.toString()
                : cause.getMessage().lines().collect(Collectors.joining(" "));
    }

    private static List<Candidate> candidates() {
        Stream<Path> own = Stream.concat(
                paths(System.getProperty(CACHE), System.getProperty(JNA)),
                // A user without a name has the home "?"; another home may be named and not be there.
                paths(System.getProperty("user.home"))
                        .filter(home -> home.isAbsolute() && Files.isDirectory(home))
                        .map(home -> home.resolve(".javacpp/cache")));
        Stream<Path> shared = Stream.of(
                        paths(System.getProperty("java.io.tmpdir")),
                        // Spark's local folders: on YARN, of a standalone executor, elsewhere.
                        paths(each(System.getenv("LOCAL_DIRS"), ",")),
                        paths(each(System.getenv("SPARK_EXECUTOR_DIRS"), File.pathSeparator)),
                        paths(each(System.getenv("SPARK_LOCAL_DIRS"), ",")),
                        paths(each(System.getProperty("spark.local.dir"), ",")),
                        paths(System.getProperty("user.dir")))
                .flatMap(folders -> folders);
        return Stream.concat(
                        own.map(folder -> new Candidate(folder.toAbsolutePath(), false)),
                        shared.map(folder -> new Candidate(folder.toAbsolutePath(), true)))
                .distinct()
                .toList();
    }

    private static String[] each(String list, String separator) {
        return list == null ? new String[0] : list.split(separator);
    }

    private static Stream<Path> paths(String... names) {
        return Stream.of(names).filter(Objects::nonNull).flatMap(name -> {
            try {
                return Stream.of(Path.of(name));
            } catch (InvalidPathException e) {
                // The JVM's locale has no such characters.
                return Stream.empty();
            }
        });
    }

    /**
     * @return the first that executes files and has room for all libraries; if there is none, the first that executes files
     * @throws UserException when none executes files
     */
    static Path choose(List<Candidate> candidates) {
        Path narrow = null;
        List<String> refused = new ArrayList<>();
        for (Candidate candidate : candidates) {
            Path folder = candidate.at();
            Optional<String> refusal;
            try {
                folder = candidate.shared() ? ownFolderIn(candidate.at()) : candidate.at();
                refusal = refusal(folder, ROOM);
                if (refusal.isEmpty()) {
                    return chosen(folder, refused);
                }
                if (narrow == null && refusal(folder, 0).isEmpty()) {
                    narrow = folder;
                }
            } catch (IOException e) {
                refusal = Optional.of(LocalFolder.reason(e));
            }
            refused.add(folder + " (" + refusal.get() + ")");
        }
        if (narrow == null) {
            throw new UserException(String.format(
                    Locale.ROOT,
                    "native libraries cannot be unpacked in %s: name a folder where files can be executed by the environment variable JAVA_TOOL_OPTIONS=-D%s=FOLDER",
                    String.join(", ", refused),
                    CACHE));
        }
        return chosen(narrow, refused);
    }

    /**
     * Makes the folder if it is missing.
     *
     * @param room bytes that the libraries take
     * @return why libraries cannot be unpacked there and loaded; empty when they can
     */
    public static Optional<String> refusal(Path folder, long room) {
        Optional<byte[]> library = anyLibrary();
        return LocalFolder.refusal(
                        folder,
                        library.orElse(new byte[0]),
                        library.isPresent() ? NativeCode::refusalToExecute : file -> Optional.empty())
                .or(() -> {
                    long free = folder.toFile().getUsableSpace();
                    return free >= room
                            ? Optional.empty()
                            : Optional.of(String.format(
                                    Locale.ROOT, "%d MiB are free, %d are needed", free >> 20, room >> 20));
                });
    }

    private static Path chosen(Path folder, List<String> refused) {
        if (!refused.isEmpty()) {
            LOG.info("Native libraries are unpacked in {}, not in {}", folder, String.join(", ", refused));
        }
        return folder;
    }

    /** One of this JVM's own, which there is wherever it runs; to load it once more does nothing. */
    private static Optional<byte[]> anyLibrary() {
        try {
            return Optional.of(Files.readAllBytes(
                    Path.of(System.getProperty("java.home"), "lib", System.mapLibraryName("verify"))));
        } catch (IOException e) {
            // Another make of Java: what cannot be tried is taken for granted.
            return Optional.empty();
        }
    }

    private static Optional<String> refusalToExecute(Path library) {
        try {
            System.load(library.toString());
            return Optional.empty();
        } catch (UnsatisfiedLinkError e) {
            return Optional.of("noexec: files there cannot be executed");
        }
    }

    /** What lies in a folder for all, and is executed, must be of nobody else's making. */
    private static Path ownFolderIn(Path shared) throws IOException {
        Path file = Files.createTempFile(shared, ".sftn-", ".tmp");
        Object user = Files.getAttribute(file, "unix:uid");
        Files.delete(file);
        Path own = shared.resolve(".sftn-native-" + user);
        try {
            Files.createDirectory(
                    own, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        } catch (FileAlreadyExistsException e) {
            // Whose it is, is to be seen.
        }
        if (!user.equals(Files.getAttribute(own, "unix:uid", LinkOption.NOFOLLOW_LINKS))) {
            throw new IOException(own.getFileName() + " in it belongs to another user");
        }
        return own;
    }
}
