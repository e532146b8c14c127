package org.sftn.data.source;

import java.io.IOException;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.sftn.conf.HadoopPath;
import org.sftn.conf.PrepareSettings;
import org.sftn.conf.Printable;
import org.sftn.conf.UserException;

/**
 * The classes behind labels that are numbers or names, as a source of others has them.
 *
 * @param names by label
 */
record ClassLabels(List<String> names, Map<String, Integer> labels) {
    // Others, such as 007, are names.
    private static final Pattern NUMBER = Pattern.compile("0|-?[1-9][0-9]{0,17}");

    /**
     * A file that names the classes of {@code prepare.class-names}.
     *
     * @param input what its path is relative to
     */
    static Optional<ClassNames> named(PrepareSettings settings, Path input, Configuration hadoop) throws IOException {
        if (settings.classNames().isBlank()) {
            return Optional.empty();
        }
        Path file = HadoopPath.in(input, "prepare.class-names", settings.classNames(), hadoop);
        ClassNames named = ClassNames.read(file, hadoop);
        Set<String> seen = new HashSet<>();
        for (String name : named.names()) {
            if (name.isEmpty() || !seen.add(name)) {
                throw new UserException(
                        file + (name.isEmpty() ? " has an empty line" : " names the class '" + name + "' twice")
                                + ": it must name one class per line");
            }
        }
        return Optional.of(named);
    }

    /** Whether all of them are whole numbers, written as numbers are. */
    static boolean areNumbers(Collection<String> labels) {
        return labels.stream().allMatch(label -> NUMBER.matcher(label).matches());
    }

    /**
     * @param train all labels of the training split
     * @param test all labels of the test split
     * @param named the classes' names; without it the labels are their names, numbers must be all from 0 on
     * @throws UserException when they do not fit
     */
    static ClassLabels of(Set<String> train, Set<String> test, boolean numbers, Optional<ClassNames> named) {
        List<String> names =
                named.map(ClassNames::names).orElseGet(() -> numbers ? numbered(train) : sorted(train, false));
        if (names.size() < 2) {
            throw new UserException(String.format(
                    Locale.ROOT,
                    "there is one class or none, %s; a classifier needs two classes or more",
                    names.isEmpty() ? "since no image has a label" : names.get(0)));
        }
        Map<String, Integer> labels = new HashMap<>();
        for (int label = 0; label < names.size(); label++) {
            labels.put(numbers ? Integer.toString(label) : names.get(label), label);
        }
        String known = named.map(classes ->
                        String.format(Locale.ROOT, "the %d classes that %s names", names.size(), classes.whose()))
                .orElse("the " + names.size() + " classes of the training images");
        requireKnown("training", train, labels, numbers, known);
        requireKnown("test", test, labels, numbers, known);
        return new ClassLabels(names, labels);
    }

    private static List<String> numbered(Set<String> train) {
        List<String> sorted = sorted(train, true);
        List<String> expected =
                IntStream.range(0, sorted.size()).mapToObj(Integer::toString).toList();
        if (!sorted.equals(expected)) {
            throw new UserException(String.format(
                    Locale.ROOT,
                    "the labels of the training images are %s, not the numbers from 0 to %d: prepare.class-names, a file with one class per line, says which classes there are",
                    ClassNames.some(sorted),
                    sorted.size() - 1));
        }
        return expected;
    }

    private static List<String> sorted(Set<String> labels, boolean numbers) {
        if (numbers) {
            return labels.stream()
                    .map(Long::valueOf)
                    .sorted()
                    .map(String::valueOf)
                    .toList();
        }
        for (String label : labels) {
            if (!label.equals(Printable.of(label))) {
                throw new UserException("the class '" + Printable.of(label)
                        + "' cannot be used: its name is too long or not printable");
            }
        }
        return labels.stream().sorted(InputFolder.BY_NAME).toList();
    }

    private static void requireKnown(
            String split, Set<String> found, Map<String, Integer> labels, boolean numbers, String known) {
        Set<String> unknown = new HashSet<>(found);
        unknown.removeAll(labels.keySet());
        if (!unknown.isEmpty()) {
            List<String> sorted = numbers
                    ? sorted(unknown, true)
                    : unknown.stream()
                            .map(Printable::of)
                            .sorted(InputFolder.BY_NAME)
                            .toList();
            throw new UserException(String.format(
                    Locale.ROOT,
                    "%s images have labels that are none of %s: %s",
                    split,
                    known,
                    ClassNames.some(sorted)));
        }
    }
}
