package org.sftn.conf;

import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/** Paths that the user names. */
public final class HadoopPath {
    /** Of file systems whose names cannot hold a colon; object stores' can. */
    private static final Set<String> WITHOUT_COLONS = Set.of("file", "hdfs", "viewfs", "webhdfs", "swebhdfs");

    // A JVM whose locale is not of UTF-8 turns what it cannot decode into a question mark.
    private static final Pattern UNSURE = Pattern.compile("[^\\x00-\\x7F]|\\?");
    private static final Pattern PATTERN = Pattern.compile("[\\\\*?{}\\[\\]^]");
    private static final String COLON = "Hadoop can hold no colon in a file's name";
    private static final String REPLACEMENT = "\uFFFD";

    private HadoopPath() {}

    /**
     * A Hadoop path with scheme; a relative one is taken from the working directory, with HDFS as default from the user's home
     * there.
     *
     * @param what names the path in messages
     * @throws UserException when there is none, it holds a password, or a name that Hadoop or this JVM cannot hold
     */
    public static Path of(String what, String path, Configuration hadoop) {
        return checked(what, path, hadoop, () -> {
            Path given = new Path(path);
            return given.getFileSystem(hadoop).makeQualified(given);
        });
    }

    /**
     * As the user has written it: not qualified.
     *
     * @throws UserException likewise
     */
    public static Path asGiven(String what, String path, Configuration hadoop) {
        of(what, path, hadoop);
        return new Path(path);
    }

    /**
     * A path relative to a folder, or an absolute one.
     *
     * @throws UserException likewise
     */
    public static Path in(Path folder, String what, String path, Configuration hadoop) {
        return checked(what, path, hadoop, () -> new Path(folder, path));
    }

    /**
     * A pattern of paths, as {@link FileSystem#globStatus} takes it, relative to a folder whose own name is none, or an absolute one.
     *
     * @throws UserException likewise
     */
    public static Path pattern(Path folder, String what, String pattern, Configuration hadoop) {
        return in(new Path(PATTERN.matcher(folder.toString()).replaceAll("\\\\$0")), what, pattern, hadoop);
    }

    private interface Parsing {
        Path path() throws IOException;
    }

    private static Path checked(String what, String path, Configuration hadoop, Parsing parsing) {
        if (path.isBlank()) {
            throw new UserException(what + " is not set");
        }
        Redaction.requireNoPassword(what, path);
        if (path.codePoints().anyMatch(Character::isISOControl)) {
            throw new UserException(what + " cannot be '" + Printable.whole(path)
                    + "': it holds a line break or another control character");
        }
        requireDecoded(what, path, System.getProperty("sun.jnu.encoding", ""));
        try {
            Path parsed = parsing.path();
            URI uri = parsed.getFileSystem(hadoop).makeQualified(parsed).toUri();
            if (WITHOUT_COLONS.contains(uri.getScheme()) && uri.getPath().contains(":")) {
                throw new UserException(what + " cannot be '" + path + "': " + COLON);
            }
            return parsed;
        } catch (IOException | IllegalArgumentException e) {
            // Hadoop takes what stands before a colon for a file system.
            String reason = e.getCause() instanceof URISyntaxException && path.contains(":") ? COLON : e.getMessage();
            throw new UserException(what + " cannot be '" + path + "': " + reason, e);
        } catch (RuntimeException | NoClassDefFoundError e) {
            if (!(e instanceof NoClassDefFoundError) && !(e.getCause() instanceof ClassNotFoundException)) {
                throw e;
            }
            throw new UserException(
                    String.format(
                            Locale.ROOT,
                            "%s cannot be '%s': the Spark home has not all jars of this file system (%s)",
                            what,
                            path,
                            e.getMessage()),
                    e);
        }
    }

    /** @param encoding of the names of files in this JVM */
    static void requireDecoded(String what, String path, String encoding) {
        boolean sure =
                Charset.isSupported(encoding) && Charset.forName(encoding).equals(StandardCharsets.UTF_8);
        if (!sure && UNSURE.matcher(path).find()) {
            throw new UserException(String.format(
                    Locale.ROOT,
                    "%s cannot be '%s': this JVM's locale is of %s, which cannot hold all names; set the environment's LC_ALL to C.UTF-8",
                    what,
                    path,
                    encoding));
        }
        if (path.contains(REPLACEMENT)) {
            throw new UserException(what + " cannot be '" + path + "': it holds bytes that are not " + encoding);
        }
    }
}
