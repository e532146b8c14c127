package org.sftn.data.source;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.jspecify.annotations.Nullable;
import org.sftn.conf.HadoopFiles;
import org.sftn.conf.Printable;
import org.sftn.conf.UserException;

/**
 * The classes of test images that do not lie in class folders, in any of the forms that ImageNet's are passed around in. A line is
 *
 * <ul>
 *   <li>a number: the official {@code ILSVRC2012_validation_ground_truth.txt}; line i is of image i, and {@code meta.mat} beside
 *       the file says which class has which number;
 *   <li>a class name, {@code n01440764}: line i is of image i;
 *   <li>a file name, then a comma, tab or spaces, then a class name and anything more: Kaggle's {@code LOC_val_solution.csv},
 *       Tiny-ImageNet's {@code val_annotations.txt};
 *   <li>a file name and a number: Caffe's {@code val.txt}; the number counts the sorted classes from 0.
 * </ul>
 */
final class GroundTruth {
    private static final int MAX_BYTES = 64 << 20;
    private static final Pattern NUMBER = Pattern.compile("\\d{1,9}");
    private static final Pattern CLASS = Pattern.compile("n\\d{8}");
    private static final Pattern OF_FILE = Pattern.compile("([^,\\s]+)[,\\s]+(n\\d{8}|\\d{1,9})(?:[,\\s].*)?");
    /** ILSVRC2012_val_00000001.JPEG. */
    private static final Pattern IMAGE_NUMBER = Pattern.compile(".*?(\\d{1,9})\\.[A-Za-z]+");

    private static final String KAGGLE_HEADER = "ImageId,";

    private final Path path;
    private final List<String> classes;
    /** By line, for forms without file names. */
    private final List<String> byNumber = new ArrayList<>();
    /** By file name without its extension. */
    private final Map<String, String> byFile = new HashMap<>();

    private GroundTruth(Path path, List<String> classes) {
        this.path = path;
        this.classes = classes;
    }

    /**
     * @param classes all class names, sorted
     * @throws UserException when there is no such file, or a line is of no known form; with the line
     */
    static GroundTruth read(Path path, List<String> classes, Configuration hadoop) throws IOException {
        GroundTruth truth = new GroundTruth(path, classes);
        List<String> lines = new String(bytes(path, "ground truth", hadoop), StandardCharsets.UTF_8)
                .lines()
                .toList();
        Map<Integer, String> numbers = null;
        for (int i = 0; i < lines.size(); i++) {
            String line = lines.get(i).strip();
            Matcher ofFile = OF_FILE.matcher(line);
            if (line.isEmpty() || i == 0 && line.startsWith(KAGGLE_HEADER)) {
                continue;
            }
            if (CLASS.matcher(line).matches()) {
                truth.byNumber.add(line);
            } else if (NUMBER.matcher(line).matches()) {
                numbers = numbers == null ? numbers(new Path(path.getParent(), "meta.mat"), path, hadoop) : numbers;
                truth.byNumber.add(numbers.getOrDefault(Integer.parseInt(line), "number " + line));
            } else if (ofFile.matches()) {
                truth.byFile.put(stem(ofFile.group(1)), truth.named(ofFile.group(2)));
            } else {
                throw new UserException(String.format(
                        Locale.ROOT,
                        "%s cannot be read: line %d is '%s', neither a class (n and eight digits) nor a file and its class or number",
                        path,
                        i + 1,
                        Printable.of(line)));
            }
        }
        if (truth.byNumber.isEmpty() == truth.byFile.isEmpty()) {
            throw new UserException(
                    path + (truth.byFile.isEmpty() ? " is empty" : " mixes lines with and without file names"));
        }
        return truth;
    }

    private String named(String classOrNumber) {
        if (CLASS.matcher(classOrNumber).matches()) {
            return classOrNumber;
        }
        int number = Integer.parseInt(classOrNumber);
        return number < classes.size() ? classes.get(number) : "number " + number;
    }

    private static String stem(String file) {
        int dot = file.lastIndexOf('.');
        return dot < 0 ? file : file.substring(0, dot);
    }

    /** The class of an image: a name, which may not be among the classes; null when the ground truth does not know it. */
    @Nullable
    String of(String file) {
        if (byNumber.isEmpty()) {
            return byFile.get(stem(file));
        }
        Matcher number = IMAGE_NUMBER.matcher(file);
        int line = number.matches() ? Integer.parseInt(number.group(1)) : 0;
        return line >= 1 && line <= byNumber.size() ? byNumber.get(line - 1) : null;
    }

    Path path() {
        return path;
    }

    /** From the development kit's table: numbers of classes to their names. */
    private static Map<Integer, String> numbers(Path meta, Path of, Configuration hadoop) throws IOException {
        byte[] bytes = bytes(meta, "table of the classes' numbers, which " + of + " needs", hadoop);
        try {
            return MatTable.read(bytes, "synsets", "ILSVRC2012_ID", "WNID");
        } catch (IOException e) {
            throw new UserException(
                    String.format(
                            Locale.ROOT,
                            "%s cannot be read, it must hold ILSVRC2012's 'synsets': %s",
                            meta,
                            Printable.of(e.getMessage())),
                    e);
        }
    }

    private static byte[] bytes(Path path, String what, Configuration hadoop) throws IOException {
        try {
            return HadoopFiles.read(path, MAX_BYTES, hadoop);
        } catch (HadoopFiles.TooLongException e) {
            throw new UserException(e.getMessage(), e);
        } catch (FileNotFoundException e) {
            throw new UserException(String.format(Locale.ROOT, "there is no %s: %s is missing", what, path), e);
        }
    }
}
