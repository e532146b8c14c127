package org.sftn.data.source;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.Path;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.util.SerializableConfiguration;
import org.jspecify.annotations.Nullable;
import org.sftn.conf.HadoopPath;
import org.sftn.conf.PrepareSettings;
import org.sftn.conf.PrepareSettings.DamagedTars;
import org.sftn.conf.Settings;
import org.sftn.conf.UserException;
import org.sftn.data.image.ImageFile;
import org.sftn.data.task.TaskErrors;

/**
 * ImageNet's tar archives, read where they lie: {@code ILSVRC2012_img_train.tar} holds a tar a class, {@code
 * ILSVRC2012_img_val.tar} files whose classes a {@link GroundTruth} knows. Files in a folder per class are understood in either.
 */
final class ImageNetTarsSource {
    /**
     * A tar, or one in another.
     *
     * @param name for people
     * @param className of all its files; null when their own folders say it
     */
    private record Part(
            String file,
            long start,
            long end,
            String name,
            @Nullable String className) implements Serializable {
        TarListing list(Configuration hadoop) throws IOException {
            Path path = new Path(file);
            try (FSDataInputStream in = path.getFileSystem(hadoop).open(path)) {
                return TarListing.of(in, start, end);
            }
        }
    }

    /** A file in a tar; className is null when neither a tar nor a folder says it. */
    private record Found(
            TarListing.Entry entry,
            String fileName,
            @Nullable String className) {}

    private ImageNetTarsSource() {}

    /**
     * {@code prepare.imagenet-tars}.
     *
     * @param groundTruth names the classes of the test images
     */
    record TarsSettings(String train, String test, String groundTruth) {}

    static Source open(Settings settings, String path, JavaSparkContext spark) throws IOException {
        PrepareSettings prepare = settings.prepare();
        TarsSettings own = settings.bind(path, TarsSettings.class);
        ImageForm form = ImageForm.of(prepare);
        Configuration hadoop = spark.hadoopConfiguration();
        Path input = InputFolder.given(prepare, "the folder with ImageNet's tars", hadoop);
        Path trainTar = HadoopPath.in(input, path + ".train", own.train(), hadoop);
        Path testTar = HadoopPath.in(input, path + ".test", own.test(), hadoop);
        Reading train = new Reading(trainTar, Split.TRAIN, prepare.damagedTars());
        Reading test = new Reading(testTar, Split.TEST, prepare.damagedTars());
        List<Found> trainFiles = train.list(spark);
        List<Found> testFiles = test.list(spark);
        List<String> classes =
                trainFiles.stream().map(train::className).distinct().sorted().toList();
        if (classes.isEmpty()) {
            throw new UserException("there are no images in " + train.path);
        }
        if (classes.size() == 1) {
            throw new UserException(String.format(
                    Locale.ROOT,
                    "%s has the images of one class, %s; a classifier needs two classes or more",
                    train.path,
                    classes.get(0)));
        }
        boolean named = testFiles.stream().allMatch(file -> file.className() != null);
        GroundTruth truth = named
                ? null
                : GroundTruth.read(
                        HadoopPath.in(input, path + ".ground-truth", own.groundTruth(), hadoop), classes, hadoop);
        return ListedSource.of(
                classes,
                Map.of(
                        Split.TRAIN, train.images(trainFiles, classes, null, form),
                        Split.TEST, test.images(testFiles, classes, truth, form)),
                Map.of(Split.TRAIN, train.unlisted, Split.TEST, test.unlisted),
                Stream.concat(train.passedOver.lines().stream(), test.passedOver.lines().stream())
                        .toList(),
                form);
    }

    /** The listing of one split's tar. */
    private static final class Reading {
        private final Path path;
        private final Split split;
        private final DamagedTars damagedTars;
        private final List<Rejection> unlisted = new ArrayList<>();
        private final PassedOver passedOver;

        Reading(Path path, Split split, DamagedTars damagedTars) {
            this.path = path;
            this.split = split;
            this.damagedTars = damagedTars;
            this.passedOver = new PassedOver(path.toString());
        }

        /** The tars in the tar are listed in parallel. */
        List<Found> list(JavaSparkContext spark) throws IOException {
            Configuration hadoop = spark.hadoopConfiguration();
            Part whole = new Part(path.toString(), 0, length(hadoop), path.getName(), null);
            List<Found> files = new ArrayList<>();
            List<Part> parts = new ArrayList<>();
            TarListing outer = listing(whole, whole.list(hadoop));
            for (TarListing.Entry entry : outer.entries()) {
                String name = fileName(entry.name());
                if (entry.isHidden()) {
                    passedOver.add(PassedOver.Reason.HIDDEN, entry.name());
                } else if (name.endsWith(TarListing.EXTENSION)) {
                    String className = name.substring(0, name.length() - TarListing.EXTENSION.length());
                    parts.add(new Part(whole.file(), entry.offset(), entry.offset() + entry.length(), name, className));
                } else if (ImageFiles.isImage(name)) {
                    files.add(new Found(entry, name, folder(entry.name())));
                } else {
                    passedOver.add(PassedOver.Reason.NO_IMAGE, entry.name());
                }
            }
            SerializableConfiguration settings = new SerializableConfiguration(hadoop);
            spark.sc()
                    .setJobDescription(String.format(Locale.ROOT, "list %,d tars in %s", parts.size(), path.getName()));
            List<TarListing> listings = parts.isEmpty()
                    ? List.of()
                    : spark.parallelize(parts, parts.size())
                            .map(part -> TaskErrors.within(() -> part.list(settings.value())))
                            .collect();
            for (int i = 0; i < parts.size(); i++) {
                for (TarListing.Entry entry :
                        listing(parts.get(i), listings.get(i)).entries()) {
                    String name = fileName(entry.name());
                    String inPart = parts.get(i).name() + "/" + entry.name();
                    if (entry.isHidden()) {
                        passedOver.add(PassedOver.Reason.HIDDEN, inPart);
                    } else if (ImageFiles.isImage(name)) {
                        files.add(new Found(entry, name, parts.get(i).className()));
                    } else {
                        passedOver.add(PassedOver.Reason.NO_IMAGE, inPart);
                    }
                }
            }
            return files;
        }

        private long length(Configuration hadoop) throws IOException {
            try {
                return path.getFileSystem(hadoop).getFileStatus(path).getLen();
            } catch (FileNotFoundException e) {
                throw new UserException("ImageNet cannot be read: there is no " + path, e);
            }
        }

        /** Notes what is not among the entries. */
        private TarListing listing(Part part, TarListing listing) {
            for (TarListing.Unreadable each : listing.unreadable()) {
                String name = part.name() + "/" + each.name();
                if (each.name().endsWith(TarListing.EXTENSION)) {
                    throw new UserException(
                            String.format(Locale.ROOT, "%s in %s cannot be used: %s", name, path, each.reason()));
                } else if (ImageFiles.isImage(each.name())) {
                    unlisted.add(new Rejection(split, -1, name, each.reason()));
                } else {
                    passedOver.add(PassedOver.Reason.NO_IMAGE, name);
                }
            }
            String where = path + " is cut or damaged" + (part.className() == null ? "" : " in its " + part.name());
            if (listing.damage() != null) {
                unlisted.add(listing.damage().rejection(split, part.name(), where, damagedTars));
            }
            return listing;
        }

        private static String fileName(String entry) {
            return entry.substring(entry.lastIndexOf('/') + 1);
        }

        /** Null when it lies in none. */
        private static @Nullable String folder(String entry) {
            String[] parts = entry.split("/");
            String folder = parts.length < 2 ? "." : parts[parts.length - 2];
            return folder.equals(".") ? null : folder;
        }

        /** @throws UserException when it is not known */
        private String className(Found file) {
            String className = file.className();
            if (className == null) {
                throw new UserException(String.format(
                        Locale.ROOT,
                        "%s holds %s, which lies neither in a tar nor in a folder of its class",
                        path,
                        file.entry().name()));
            }
            return className;
        }

        /** @param truth null when each file's class is known without it */
        List<FilePart> images(List<Found> files, List<String> classes, @Nullable GroundTruth truth, ImageForm form) {
            Map<String, Integer> labels = new HashMap<>();
            for (int label = 0; label < classes.size(); label++) {
                labels.put(classes.get(label), label);
            }
            List<FilePart> images = new ArrayList<>();
            for (Found file : files) {
                String className =
                        truth == null || file.className() != null ? file.className() : truth.of(file.fileName());
                Integer label = labels.get(className);
                if (label == null) {
                    throw new UserException(String.format(
                            Locale.ROOT,
                            "the class of %s in %s is %s, which is none of the %d classes of training%s",
                            file.entry().name(),
                            path,
                            className == null ? "not known" : className,
                            classes.size(),
                            truth == null ? "" : ", by " + truth.path()));
                }
                String name = className + "/" + file.fileName();
                if (file.entry().length() > ImageFile.MAX_FILE_BYTES) {
                    unlisted.add(new Rejection(split, -1, name, ImageFile.TOO_LONG));
                    continue;
                }
                images.add(new FilePart(
                        path.toString(),
                        file.entry().offset(),
                        (int) file.entry().length(),
                        name,
                        label,
                        form));
            }
            images.sort(Comparator.comparingInt(FilePart::label).thenComparing(FilePart::name));
            return images;
        }
    }
}
