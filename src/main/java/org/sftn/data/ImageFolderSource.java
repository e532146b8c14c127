package org.sftn.data;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.Deque;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.sftn.conf.PrepareSettings;
import org.sftn.conf.Printable;
import org.sftn.conf.UserException;

/**
 * Image files in a folder a class, as torchvision's ImageFolder has them: {@code SPLIT/CLASS/.../FILE} with the extensions .jpg,
 * .jpeg, .png, .ppm, .bmp, .pgm, .tif, .tiff and .webp in any case; labels in the order of the class names.
 *
 * @param files by split, in the order of their paths
 */
record ImageFolderSource(List<String> classNames, Map<Split, List<ImageFile>> files, ImageForm form) implements Source {
    private static final List<String> EXTENSIONS =
            List.of(".jpg", ".jpeg", ".png", ".ppm", ".bmp", ".pgm", ".tif", ".tiff", ".webp");
    private static final int NAMED_IN_MESSAGES = 5;

    /**
     * A file.
     *
     * @param folder of its split
     * @param name its path below the folder
     */
    record ImageFile(String folder, String name, int label, long length, ImageForm form) implements Item {
        @Override
        public Candidate read(InputFiles files) throws IOException {
            return form.candidate(
                    Printable.of(name),
                    label,
                    () -> files.whole(folder + Path.SEPARATOR + name, org.sftn.data.ImageFile.MAX_FILE_BYTES));
        }
    }

    static ImageFolderSource open(PrepareSettings settings, Configuration hadoop) throws IOException {
        ImageForm form = ImageForm.of(settings);
        Path input = Sources.input(settings, "the folder with the image folders");
        Path train = new Path(input, settings.trainFolder());
        Path test = new Path(input, settings.testFolder());
        List<String> classes = classes(train, hadoop);
        checkSame(train, test, classes, classes(test, hadoop));
        Map<Split, List<ImageFile>> files = new EnumMap<>(Split.class);
        files.put(Split.TRAIN, list(train, classes, form, hadoop));
        files.put(Split.TEST, list(test, classes, form, hadoop));
        return new ImageFolderSource(classes, files, form);
    }

    /** The names of the folders in a folder, sorted. */
    static List<String> classes(Path folder, Configuration hadoop) throws IOException {
        try {
            List<String> classes = Stream.of(folder.getFileSystem(hadoop).listStatus(folder))
                    .filter(FileStatus::isDirectory)
                    .map(status -> status.getPath().getName())
                    .sorted()
                    .toList();
            for (String name : classes) {
                if (!name.equals(Printable.of(name))) {
                    throw new UserException(
                            "the class folder '%s' in %s cannot be used: its name is too long or not printable"
                                    .formatted(Printable.of(name), folder));
                }
            }
            if (classes.isEmpty()) {
                throw new UserException("there are no images in " + folder + ": it has no folder a class");
            }
            return classes;
        } catch (FileNotFoundException e) {
            throw new UserException("the image folder cannot be read: there is no " + folder, e);
        }
    }

    private static void checkSame(Path trainFolder, Path testFolder, List<String> train, List<String> test) {
        if (!train.equals(test)) {
            throw new UserException("the classes of %s and %s differ: only in the first: %s; only in the second: %s"
                    .formatted(trainFolder, testFolder, difference(train, test), difference(test, train)));
        }
    }

    private static String difference(List<String> some, List<String> others) {
        TreeSet<String> only = new TreeSet<>(some);
        others.forEach(only::remove);
        if (only.isEmpty()) {
            return "none";
        }
        String named = only.stream().limit(NAMED_IN_MESSAGES).collect(Collectors.joining(", "));
        return only.size() > NAMED_IN_MESSAGES ? named + " and " + (only.size() - NAMED_IN_MESSAGES) + " more" : named;
    }

    /** The image files of the class folders in a folder, by class and path. */
    static List<ImageFile> list(Path folder, List<String> classes, ImageForm form, Configuration hadoop)
            throws IOException {
        List<ImageFile> all = new ArrayList<>();
        for (int label = 0; label < classes.size(); label++) {
            Path ofClass = new Path(folder, classes.get(label));
            List<ImageFile> files = list(folder, ofClass, label, form, hadoop);
            if (files.isEmpty()) {
                throw new UserException("the class folder %s holds no file with one of the extensions %s"
                        .formatted(ofClass, String.join(", ", EXTENSIONS)));
            }
            all.addAll(files);
        }
        return Collections.unmodifiableList(all);
    }

    /** The image files at any depth below a part of a folder, by path. */
    static List<ImageFile> list(Path folder, Path part, int label, ImageForm form, Configuration hadoop)
            throws IOException {
        FileSystem system = folder.getFileSystem(hadoop);
        String prefix = system.makeQualified(folder).toString();
        List<ImageFile> files = new ArrayList<>();
        Deque<Path> folders = new ArrayDeque<>(List.of(part));
        while (!folders.isEmpty()) {
            // Not listFiles: it asks for permissions, for which the local file system starts a process for each file.
            for (FileStatus file : system.listStatus(folders.remove())) {
                if (file.isDirectory()) {
                    folders.add(file.getPath());
                } else if (isImage(file.getPath().getName())) {
                    String name = file.getPath().toString().substring(prefix.length() + 1);
                    files.add(new ImageFile(prefix, name, label, file.getLen(), form));
                }
            }
        }
        files.sort(Comparator.comparing(ImageFile::name));
        return files;
    }

    /** Whether a name has the extension of an image. */
    static boolean isImage(String name) {
        String lower = name.toLowerCase(Locale.ROOT);
        return EXTENSIONS.stream().anyMatch(lower::endsWith);
    }

    @Override
    public int imageSize() {
        return form.imageSize();
    }

    @Override
    public List<ImageFile> items(Split split) {
        return files.get(split);
    }

    @Override
    public long bytes(Split split) {
        return files.get(split).stream()
                .mapToLong(file -> form.stored(file.length()))
                .sum();
    }
}
