package org.sftn.data.source;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.sftn.conf.HadoopFiles;
import org.sftn.conf.Printable;
import org.sftn.conf.UserException;

/**
 * What the classes of a data set or a model are called.
 *
 * @param whose for messages, such as "the data set data/cifar-100"
 * @param names by label
 */
public record ClassNames(String whose, List<String> names) {
    private static final int MAX_BYTES = 4 << 20;
    private static final int NAMED_IN_MESSAGES = 5;

    public ClassNames {
        names = List.copyOf(names);
    }

    /** What stands for the names of classes that have none: "class 0", "class 1" and so on. They go with any names. */
    public static List<String> none(int classes) {
        return IntStream.range(0, classes).mapToObj(label -> "class " + label).toList();
    }

    /**
     * What all of them call the classes.
     *
     * @param all at least one
     * @throws UserException when two of those that have names differ, with the first label that does
     */
    public static List<String> common(List<ClassNames> all) {
        List<ClassNames> named = all.stream()
                .filter(each -> !each.names.equals(none(each.names.size())))
                .toList();
        named.forEach(each -> named.get(0).requireSame(each));
        return named.isEmpty() ? all.get(0).names : named.get(0).names;
    }

    /**
     * Of a file with one class per line.
     *
     * @throws UserException when it cannot be read
     */
    static ClassNames read(Path file, Configuration hadoop) throws IOException {
        byte[] bytes;
        try {
            bytes = HadoopFiles.read(file, MAX_BYTES, hadoop);
        } catch (FileNotFoundException e) {
            throw new UserException("the names of the classes cannot be read: there is no file " + file, e);
        } catch (HadoopFiles.TooLongException e) {
            throw new UserException("the names of the classes cannot be read: " + e.getMessage(), e);
        }
        String text = new String(bytes, StandardCharsets.UTF_8);
        return new ClassNames(
                file.toString(),
                text.strip().lines().map(String::strip).map(Printable::of).toList());
    }

    /** The first of them, for messages. */
    static String some(List<String> names) {
        String first = names.stream().limit(NAMED_IN_MESSAGES).collect(Collectors.joining(", "));
        int more = names.size() - NAMED_IN_MESSAGES;
        return more > 0 ? first + " and " + more + " more" : first;
    }

    private void requireSame(ClassNames other) {
        if (names.size() != other.names.size()) {
            throw new UserException(String.format(
                    Locale.ROOT, "%s has %d classes, %s has %d", whose, names.size(), other.whose, other.names.size()));
        }
        for (int label = 0; label < names.size(); label++) {
            if (!names.get(label).equals(other.names.get(label))) {
                throw new UserException(String.format(
                        Locale.ROOT,
                        "label %d is '%s' in %s and '%s' in %s: both must have the same classes in the same order",
                        label,
                        Printable.of(names.get(label)),
                        whose,
                        Printable.of(other.names.get(label)),
                        other.whose));
            }
        }
    }
}
