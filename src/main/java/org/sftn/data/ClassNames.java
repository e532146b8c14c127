package org.sftn.data;

import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;
import org.sftn.conf.Printable;
import org.sftn.conf.UserException;

/**
 * What the classes of a data set or a model are called.
 *
 * @param whose for messages, such as "the data set data/cifar-100"
 * @param names by label
 */
public record ClassNames(String whose, List<String> names) {
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
