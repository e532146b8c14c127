package org.sftn.train.checkpoint;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.TreeSet;
import org.sftn.train.platform.Stretch;

/**
 * The marker of a checkpoint: it is written last, and says what the checkpoint consists of.
 *
 * @param format the version of this layout
 * @param iterations done
 * @param epochs complete
 * @param ranks how many wrote it, a file each
 * @param run what makes the run what it is, by name; only the same run may continue
 * @param computedBy what has computed the run up to here
 * @param folder that holds the files, its name only
 * @param files by rank
 */
public record Checkpoint(
        int format,
        long iterations,
        int epochs,
        int ranks,
        Map<String, String> run,
        List<Stretch> computedBy,
        String folder,
        List<File> files)
        implements Serializable {
    public static final int FORMAT = 3;
    private static final String NOT_SET = "not set";

    /** @param sha256 of the content, in hex */
    public record File(String name, long bytes, String sha256) implements Serializable {
        public File {
            Objects.requireNonNull(name);
            Objects.requireNonNull(sha256);
        }
    }

    /** Also refuses a marker that lacks something. */
    public Checkpoint {
        Objects.requireNonNull(folder);
        files.forEach(Objects::requireNonNull);
        if (iterations < 0 || epochs < 0) {
            throw new IllegalArgumentException(iterations + " iterations and " + epochs + " epochs");
        }
        run = new TreeMap<>(run);
        computedBy = List.copyOf(computedBy);
        files = new ArrayList<>(files);
    }

    /** What differs between the run that wrote this and another, for people; empty when nothing does. */
    public List<String> differencesFrom(Map<String, String> other) {
        List<String> differences = new ArrayList<>();
        TreeSet<String> names = new TreeSet<>(run.keySet());
        names.addAll(other.keySet());
        for (String name : names) {
            if (!Objects.equals(run.get(name), other.get(name))) {
                differences.add(String.format(
                        Locale.ROOT,
                        "%s was %s, now %s",
                        name,
                        run.getOrDefault(name, NOT_SET),
                        other.getOrDefault(name, NOT_SET)));
            }
        }
        return differences;
    }
}
