package org.sftn.data.source;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.ToIntFunction;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.Path;
import org.sftn.conf.HadoopPath;
import org.sftn.conf.Printable;
import org.sftn.conf.Settings;
import org.sftn.conf.UserException;

/**
 * Image files in a folder per class, as torchvision's ImageFolder has them: {@code SPLIT/CLASS/.../FILE} with the extensions .jpg,
 * .jpeg, .png, .ppm, .bmp, .pgm, .tif, .tiff and .webp in any case; labels in the order of the class names.
 *
 * @param files by split, in the order of their paths
 * @param unreadable by split, images whose names Hadoop cannot hold and links to nothing
 */
record ImageFolderSource(
        List<String> classNames,
        Map<Split, List<ImageFile>> files,
        Map<Split, List<Rejection>> unreadable,
        List<String> remarks,
        ImageForm form)
        implements Source {

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
                    () -> files.whole(folder + Path.SEPARATOR + name, org.sftn.data.image.ImageFile.MAX_FILE_BYTES));
        }
    }

    /** {@code prepare.image-folder}. */
    record FolderSettings(String train, String test) {}

    static ImageFolderSource open(Settings settings, String path, Configuration hadoop) throws IOException {
        FolderSettings own = settings.bind(path, FolderSettings.class);
        ImageForm form = ImageForm.of(settings.prepare());
        Path input = InputFolder.given(settings.prepare(), "the folder with the image folders", hadoop);
        Path train = HadoopPath.in(input, path + ".train", own.train(), hadoop);
        Path test = HadoopPath.in(input, path + ".test", own.test(), hadoop);
        Listing training = new Listing(train, Split.TRAIN, form, hadoop);
        Listing testing = new Listing(test, Split.TEST, form, hadoop);
        List<String> classes = training.classes();
        List<String> tested = testing.classes();
        if (InputFolder.isSame(train, test, hadoop)) {
            throw new UserException(String.format(
                    Locale.ROOT,
                    "prepare.image-folder.train and prepare.image-folder.test are one folder, %s: a model would be tested on the images that it was trained on",
                    train));
        }
        checkSame(train, test, classes, tested);
        training.addAll(classes);
        testing.addAll(classes);
        List<String> beside = beside(input, List.of(own.train(), own.test()), hadoop);
        return of(classes, training, testing, beside, form);
    }

    /** @param remarks on what lies beside the splits */
    static ImageFolderSource of(
            List<String> classes, Listing training, Listing testing, List<String> remarks, ImageForm form) {
        return new ImageFolderSource(
                classes,
                Map.of(Split.TRAIN, training.files(), Split.TEST, testing.files()),
                Map.of(Split.TRAIN, training.unreadable(), Split.TEST, testing.unreadable()),
                Stream.of(remarks, training.remarks(), testing.remarks())
                        .flatMap(List::stream)
                        .toList(),
                form);
    }

    private static List<String> beside(Path input, List<String> splits, Configuration hadoop) throws IOException {
        List<String> taken =
                splits.stream().map(split -> split.split(Path.SEPARATOR, 2)[0]).toList();
        PassedOver passedOver = new PassedOver(input.toString());
        InputFolder all = InputFolder.list(input, hadoop);
        Stream.concat(all.folders().stream(), all.files().stream())
                .map(each -> each.getPath().getName())
                .filter(name -> !taken.contains(name) && !taken.contains("."))
                .forEach(name -> passedOver.add(PassedOver.Reason.NO_SPLIT, Printable.of(name)));
        all.unreadable().forEach(each -> passedOver.add(PassedOver.Reason.NO_SPLIT, each.name()));
        all.hidden().forEach(name -> passedOver.add(PassedOver.Reason.HIDDEN, Printable.of(name)));
        return passedOver.lines();
    }

    /** The listing of one split. */
    static final class Listing {
        private final Path folder;
        private final Split split;
        private final ImageForm form;
        private final Configuration hadoop;
        private final PassedOver passedOver;
        private final List<ImageFile> files = new ArrayList<>();
        private final List<Rejection> unreadable = new ArrayList<>();
        private List<String> deep = List.of();

        Listing(Path folder, Split split, ImageForm form, Configuration hadoop) {
            this.folder = folder;
            this.split = split;
            this.form = form;
            this.hadoop = hadoop;
            this.passedOver = new PassedOver(folder.toString());
        }

        /** The names of the class folders, sorted. */
        List<String> classes() throws IOException {
            try {
                InputFolder all = InputFolder.list(folder, hadoop);
                for (InputFolder.Unreadable each : all.unreadable()) {
                    if (each.folder()) {
                        throw unusable(each.name(), each.reason());
                    }
                    passedOver.add(PassedOver.Reason.NO_CLASS, each.name());
                }
                all.hidden().forEach(name -> passedOver.add(PassedOver.Reason.HIDDEN, Printable.of(name)));
                all.files()
                        .forEach(file -> passedOver.add(
                                PassedOver.Reason.NO_CLASS,
                                Printable.of(file.getPath().getName())));
                List<String> classes = all.folders().stream()
                        .map(status -> status.getPath().getName())
                        .toList();
                for (String name : classes) {
                    if (!name.equals(Printable.of(name))) {
                        throw unusable(Printable.of(name), "its name is too long or not printable");
                    }
                }
                if (classes.isEmpty()) {
                    throw new UserException("there are no images in " + folder + ": it has no folder a class");
                }
                if (classes.size() == 1) {
                    throw new UserException(String.format(
                            Locale.ROOT,
                            "%s has one class folder, %s; a classifier needs two classes or more, each with a folder there%s",
                            folder,
                            classes.get(0),
                            inner(classes.get(0))));
                }
                return classes;
            } catch (FileNotFoundException e) {
                throw new UserException("the image folder cannot be read: there is no " + folder, e);
            }
        }

        private UserException unusable(String name, String reason) {
            return new UserException(
                    String.format(Locale.ROOT, "the class folder '%s' in %s cannot be used: %s", name, folder, reason));
        }

        private String inner(String name) throws IOException {
            List<FileStatus> inner =
                    InputFolder.list(new Path(folder, name), hadoop).folders();
            return inner.isEmpty()
                    ? ""
                    : String.format(
                            Locale.ROOT,
                            "; it holds the folders %s: if these are the classes, the folder of the split is %s",
                            ClassNames.some(inner.stream()
                                    .map(each -> Printable.of(each.getPath().getName()))
                                    .toList()),
                            new Path(folder, name));
        }

        /** Adds the image files of all class folders, by class and path. */
        void addAll(List<String> classes) throws IOException {
            boolean deeper = true;
            for (int label = 0; label < classes.size(); label++) {
                Path ofClass = new Path(folder, classes.get(label));
                List<ImageFile> found = find(ofClass, label);
                if (found.isEmpty()) {
                    throw new UserException(String.format(
                            Locale.ROOT,
                            "the class folder %s holds no file with one of the extensions %s",
                            ofClass,
                            String.join(", ", ImageFiles.EXTENSIONS)));
                }
                int prefix = classes.get(label).length() + 1;
                deeper &= found.stream().allMatch(file -> file.name().indexOf(Path.SEPARATOR_CHAR, prefix) > 0);
                files.addAll(found);
            }
            if (deeper) {
                deep = List.of(folder + ": all images lie in folders below the class folders, the first "
                        + Printable.of(files.get(0).name()) + "; the classes are " + ClassNames.some(classes));
            }
        }

        /** Adds the image files of a part of the folder, by path; their labels are those that a file's name has. */
        void addAll(Path part, ToIntFunction<String> label) throws IOException {
            try {
                for (ImageFile file : find(part, 0)) {
                    files.add(new ImageFile(
                            file.folder(), file.name(), label.applyAsInt(file.name()), file.length(), form));
                }
            } catch (FileNotFoundException e) {
                throw new UserException("the image folder cannot be read: there is no " + part, e);
            }
            files.sort(Comparator.comparingInt(ImageFile::label).thenComparing(ImageFile::name, InputFolder.BY_NAME));
        }

        /** The image files at any depth below a part of the folder, by path. */
        private List<ImageFile> find(Path part, int label) throws IOException {
            String root = folder.getFileSystem(hadoop).makeQualified(folder).toString();
            ImageFiles found = ImageFiles.find(folder, part, passedOver, hadoop);
            found.unreadable().forEach(each -> unreadable.add(new Rejection(split, -1, each.name(), each.reason())));
            return found.files().stream()
                    .map(each -> new ImageFile(root, each.name(), label, each.length(), form))
                    .toList();
        }

        List<ImageFile> files() {
            return Collections.unmodifiableList(files);
        }

        List<Rejection> unreadable() {
            return Collections.unmodifiableList(unreadable);
        }

        List<String> remarks() {
            return Stream.concat(passedOver.lines().stream(), deep.stream()).toList();
        }
    }

    private static void checkSame(Path trainFolder, Path testFolder, List<String> train, List<String> test) {
        if (!train.equals(test)) {
            throw new UserException(String.format(
                    Locale.ROOT,
                    "the classes of %s and %s differ: only in the first: %s; only in the second: %s",
                    trainFolder,
                    testFolder,
                    difference(train, test),
                    difference(test, train)));
        }
    }

    private static String difference(List<String> some, List<String> others) {
        List<String> only = some.stream().filter(name -> !others.contains(name)).toList();
        return only.isEmpty() ? "none" : ClassNames.some(only);
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
    public List<Rejection> unlisted(Split split) {
        return unreadable.get(split);
    }

    @Override
    public long bytes(Split split) {
        return files.get(split).stream()
                .mapToLong(file -> form.stored(file.length()))
                .sum();
    }
}
