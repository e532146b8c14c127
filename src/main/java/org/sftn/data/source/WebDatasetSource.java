package org.sftn.data.source;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.Serializable;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.util.SerializableConfiguration;
import org.jspecify.annotations.Nullable;
import org.sftn.conf.HadoopPath;
import org.sftn.conf.PrepareSettings;
import org.sftn.conf.PrepareSettings.DamagedTars;
import org.sftn.conf.Printable;
import org.sftn.conf.Settings;
import org.sftn.conf.UserException;
import org.sftn.data.image.ImageFile;
import org.sftn.data.image.UnusableImageException;
import org.sftn.data.task.TaskErrors;

/**
 * WebDataset's tars, read where they lie: a sample is the files of one key, which is a path up to the first dot of the file's name. Of
 * it are taken the image, with an extension of {@link ImageFiles}, and its label from {@code KEY.cls}, or from a field of
 * {@code KEY.json} where there is none. Images are in the order of their labels and names.
 */
final class WebDatasetSource {
    private static final String CLS = ".cls";
    private static final String JSON = ".json";
    /** Descriptions may hold a photograph's EXIF. */
    private static final int MAX_LABEL_BYTES = 1 << 20;

    /** An image with its label as it stands in the tar. */
    private record Sample(String name, long offset, int length, String label) implements Serializable {}

    /** A file that is no part of a sample that can be used. */
    private record Refused(String name, String reason) implements Serializable {}

    /**
     * What a tar holds.
     *
     * @param hidden names of files
     * @param others names of files that are neither an image nor its label
     * @param damage null when the tar is whole
     */
    private record Contents(
            List<Sample> samples,
            List<Refused> refused,
            List<String> hidden,
            List<String> others,
            TarListing.@Nullable Damage damage)
            implements Serializable {}

    /** The files of a key. */
    private static final class Group {
        private final List<TarListing.Entry> images = new ArrayList<>();
        private final List<TarListing.Entry> classes = new ArrayList<>();
        private final List<TarListing.Entry> descriptions = new ArrayList<>();

        /** The ones that a label is read from. */
        List<TarListing.Entry> labels() {
            return classes.isEmpty() ? descriptions : classes;
        }
    }

    private WebDatasetSource() {}

    /**
     * {@code prepare.webdataset}.
     *
     * @param train a pattern of tars
     * @param test likewise
     * @param labelField of a description
     */
    record TarsSettings(String train, String test, String labelField) {}

    static Source open(Settings settings, String path, JavaSparkContext spark) throws IOException {
        PrepareSettings prepare = settings.prepare();
        TarsSettings own = settings.bind(path, TarsSettings.class);
        ImageForm form = ImageForm.of(prepare);
        Configuration hadoop = spark.hadoopConfiguration();
        Path input = InputFolder.given(prepare, "the folder with WebDataset's tars", hadoop);
        Optional<ClassNames> named = ClassLabels.named(prepare, input, hadoop);
        InputFolder all = list(input, hadoop);
        List<FileStatus> trainTars = tars(input, all, "train", own.train(), hadoop);
        List<FileStatus> testTars = tars(input, all, "test", own.test(), hadoop);
        requireApart(trainTars, testTars);
        Reading train = new Reading(input, Split.TRAIN, prepare.damagedTars());
        Reading test = new Reading(input, Split.TEST, prepare.damagedTars());
        train.read(trainTars, own.labelField(), spark);
        test.read(testTars, own.labelField(), spark);
        Set<String> trainLabels = train.labels();
        Set<String> testLabels = test.labels();
        boolean numbers = ClassLabels.areNumbers(trainLabels) && ClassLabels.areNumbers(testLabels);
        ClassLabels classes = ClassLabels.of(trainLabels, testLabels, numbers, named);
        List<String> beside = beside(input, all, Stream.concat(trainTars.stream(), testTars.stream()), prepare, hadoop);
        return ListedSource.of(
                classes.names(),
                Map.of(Split.TRAIN, train.images(classes, form), Split.TEST, test.images(classes, form)),
                Map.of(Split.TRAIN, train.unlisted, Split.TEST, test.unlisted),
                Stream.of(beside, train.passedOver.lines(), test.passedOver.lines())
                        .flatMap(List::stream)
                        .toList(),
                form);
    }

    private static InputFolder list(Path input, Configuration hadoop) throws IOException {
        try {
            return InputFolder.list(input, hadoop);
        } catch (FileNotFoundException e) {
            throw new UserException("WebDataset's tars cannot be read: there is no " + input, e);
        }
    }

    /** Those of a split, by path. */
    private static List<FileStatus> tars(Path input, InputFolder all, String key, String pattern, Configuration hadoop)
            throws IOException {
        String setting = "prepare.webdataset." + key;
        Path path = HadoopPath.pattern(input, setting, pattern, hadoop);
        FileStatus[] found;
        try {
            found = path.getFileSystem(hadoop).globStatus(path);
        } catch (IOException e) {
            // Hadoop has no other sign of it.
            if (String.valueOf(e.getMessage()).startsWith("Illegal file pattern")) {
                throw new UserException(setting + " cannot be '" + pattern + "': " + e.getMessage(), e);
            }
            throw e;
        }
        List<FileStatus> tars = Stream.of(found == null ? new FileStatus[0] : found)
                .filter(FileStatus::isFile)
                .filter(each -> !InputFolder.isHidden(each.getPath().getName()))
                .sorted(Comparator.comparing(each -> each.getPath().toString(), InputFolder.BY_NAME))
                .toList();
        if (tars.isEmpty()) {
            List<String> there = Stream.concat(all.folders().stream(), all.files().stream())
                    .map(each -> Printable.of(each.getPath().getName()))
                    .toList();
            throw new UserException(String.format(
                    Locale.ROOT,
                    "there is no tar in %s as %s = %s wants it; there is %s",
                    input,
                    setting,
                    pattern,
                    there.isEmpty() ? "nothing" : ClassNames.some(there)));
        }
        return tars;
    }

    private static void requireApart(List<FileStatus> train, List<FileStatus> test) {
        Set<Path> both = train.stream().map(FileStatus::getPath).collect(Collectors.toSet());
        both.retainAll(test.stream().map(FileStatus::getPath).toList());
        both.stream().min(Comparator.naturalOrder()).ifPresent(tar -> {
            throw new UserException("prepare.webdataset.train and prepare.webdataset.test both take " + tar
                    + ": a model would be tested on images that it was trained on");
        });
    }

    /** What lies in the folder and is not taken. */
    private static List<String> beside(
            Path input, InputFolder all, Stream<FileStatus> tars, PrepareSettings settings, Configuration hadoop)
            throws IOException {
        FileSystem files = input.getFileSystem(hadoop);
        String root = files.makeQualified(input) + Path.SEPARATOR;
        Set<String> taken = tars.map(tar -> tar.getPath().toString())
                .filter(tar -> tar.startsWith(root))
                .map(tar -> tar.substring(root.length()).split(Path.SEPARATOR, 2)[0])
                .collect(Collectors.toCollection(HashSet::new));
        taken.add(settings.classNames());
        PassedOver passedOver = new PassedOver(input.toString());
        all.requireReadable(input, TarListing.EXTENSION);
        all.unreadable().forEach(each -> passedOver.add(PassedOver.Reason.NO_SPLIT, each.name()));
        Stream.concat(all.folders().stream(), all.files().stream())
                .map(each -> each.getPath().getName())
                .filter(name -> !taken.contains(name))
                .forEach(name -> passedOver.add(PassedOver.Reason.NO_SPLIT, Printable.of(name)));
        all.hidden().forEach(name -> passedOver.add(PassedOver.Reason.HIDDEN, Printable.of(name)));
        return passedOver.lines();
    }

    /** A tar, read on an executor: the headers, and the labels. */
    private record Tar(String file, long length, String labelField) implements Serializable {
        Contents read(Configuration hadoop) throws IOException {
            Path path = new Path(file);
            try (FSDataInputStream in = path.getFileSystem(hadoop).open(path)) {
                return read(in);
            }
        }

        private Contents read(FSDataInputStream in) throws IOException {
            TarListing listing = TarListing.of(in, 0, length);
            Contents contents = new Contents(
                    new ArrayList<>(), new ArrayList<>(), new ArrayList<>(), new ArrayList<>(), listing.damage());
            for (TarListing.Unreadable each : listing.unreadable()) {
                if (ImageFiles.isImage(each.name()) || isLabel(extension(each.name()))) {
                    contents.refused().add(new Refused(each.name(), each.reason()));
                } else {
                    contents.others().add(each.name());
                }
            }
            for (Map.Entry<String, Group> each : byKey(listing, contents).entrySet()) {
                add(each.getKey(), each.getValue(), in, contents);
            }
            return contents;
        }

        private static Map<String, Group> byKey(TarListing listing, Contents contents) {
            Map<String, Group> byKey = new LinkedHashMap<>();
            for (TarListing.Entry entry : listing.entries()) {
                String extension = extension(entry.name());
                boolean isImage = ImageFiles.isExtension(extension);
                if (entry.isHidden()) {
                    contents.hidden().add(entry.name());
                } else if (!isImage && !isLabel(extension)) {
                    contents.others().add(entry.name());
                } else {
                    Group files = byKey.computeIfAbsent(key(entry.name()), key -> new Group());
                    (isImage ? files.images : extension.equals(CLS) ? files.classes : files.descriptions).add(entry);
                }
            }
            return byKey;
        }

        private void add(String key, Group files, FSDataInputStream in, Contents contents) throws IOException {
            List<TarListing.Entry> labels = files.labels();
            if (files.images.isEmpty()) {
                String reason = "there is no image " + key + " to this label";
                labels.forEach(label -> contents.refused().add(new Refused(label.name(), reason)));
                return;
            }
            TarListing.Entry image = files.images.get(0);
            try {
                requireOne("image", files.images);
                if (labels.isEmpty()) {
                    throw new UnusableImageException("it has no label, neither " + key + CLS + " nor " + key + JSON);
                }
                requireOne("label", labels);
                if (image.length() > ImageFile.MAX_FILE_BYTES) {
                    throw new UnusableImageException(ImageFile.TOO_LONG);
                }
                String label = label(labels.get(0), in);
                contents.samples().add(new Sample(image.name(), image.offset(), (int) image.length(), label));
            } catch (UnusableImageException e) {
                contents.refused().add(new Refused(image.name(), e.getMessage()));
            }
            if (!files.classes.isEmpty()) {
                files.descriptions.forEach(each -> contents.others().add(each.name()));
            }
        }

        private static void requireOne(String what, List<TarListing.Entry> files) throws UnusableImageException {
            if (files.size() > 1) {
                throw new UnusableImageException(String.format(
                        Locale.ROOT,
                        "its key has more than one %s: %s",
                        what,
                        ClassNames.some(
                                files.stream().map(TarListing.Entry::name).toList())));
            }
        }

        private String label(TarListing.Entry file, FSDataInputStream in) throws IOException, UnusableImageException {
            if (file.length() > MAX_LABEL_BYTES) {
                throw new UnusableImageException(String.format(
                        Locale.ROOT, "its label %s is longer than %d bytes", file.name(), MAX_LABEL_BYTES));
            }
            byte[] bytes = new byte[(int) file.length()];
            in.readFully(file.offset(), bytes);
            String label = extension(file.name()).equals(JSON)
                    ? field(file.name(), bytes)
                    : new String(bytes, StandardCharsets.UTF_8).strip();
            if (label.isEmpty()) {
                throw new UnusableImageException("its label " + file.name() + " is empty");
            }
            return label;
        }

        private String field(String file, byte[] json) throws UnusableImageException {
            JsonNode all;
            try {
                all = new ObjectMapper().readTree(json);
            } catch (IOException e) {
                throw new UnusableImageException(
                        "its label " + file + " cannot be read: " + Printable.damageOfJson(e), e);
            }
            JsonNode field = all.get(labelField);
            if (field == null || field.isNull()) {
                List<String> there = new ArrayList<>();
                all.fieldNames().forEachRemaining(name -> there.add(Printable.of(name)));
                throw new UnusableImageException(String.format(
                        Locale.ROOT,
                        "its label %s has no field '%s' (prepare.webdataset.label-field); it has %s",
                        file,
                        labelField,
                        there.isEmpty() ? "none" : ClassNames.some(there)));
            }
            if (!field.isTextual() && !field.isIntegralNumber()) {
                throw new UnusableImageException(String.format(
                        Locale.ROOT,
                        "in its label %s the field '%s' is neither a text nor a whole number: %s",
                        file,
                        labelField,
                        Printable.of(field.toString())));
            }
            return field.asText().strip();
        }
    }

    private static boolean isLabel(String extension) {
        return extension.equals(CLS) || extension.equals(JSON);
    }

    private static int endOfKey(String name) {
        int dot = name.indexOf('.', name.lastIndexOf('/') + 1);
        return dot < 0 ? name.length() : dot;
    }

    private static String key(String name) {
        return name.substring(0, endOfKey(name));
    }

    /** In lower case. */
    private static String extension(String name) {
        return name.substring(endOfKey(name)).toLowerCase(Locale.ROOT);
    }

    /** What the tars of one split hold. */
    private static final class Reading {
        /** An image in a tar. */
        private record Found(String tar, Sample sample) {}

        private final Split split;
        private final DamagedTars damagedTars;
        private final PassedOver passedOver;
        private final List<Found> found = new ArrayList<>();
        private final List<Rejection> unlisted = new ArrayList<>();

        Reading(Path input, Split split, DamagedTars damagedTars) {
            this.split = split;
            this.damagedTars = damagedTars;
            this.passedOver = new PassedOver(input + ", " + split.key());
        }

        /** Reads the tars in parallel. */
        void read(List<FileStatus> tars, String labelField, JavaSparkContext spark) {
            SerializableConfiguration hadoop = new SerializableConfiguration(spark.hadoopConfiguration());
            List<Tar> parts = tars.stream()
                    .map(tar -> new Tar(tar.getPath().toString(), tar.getLen(), labelField))
                    .toList();
            spark.sc()
                    .setJobDescription(
                            String.format(Locale.ROOT, "list %,d tars of the %s split", parts.size(), split.key()));
            List<Contents> contents = spark.parallelize(parts, parts.size())
                    .map(tar -> TaskErrors.within(() -> tar.read(hadoop.value())))
                    .collect();
            Map<String, String> tarOfKey = new HashMap<>();
            for (int i = 0; i < parts.size(); i++) {
                add(tars.get(i).getPath(), contents.get(i), tarOfKey);
            }
        }

        private void add(Path tar, Contents contents, Map<String, String> tarOfKey) {
            String prefix = tar.getName() + "/";
            contents.hidden().forEach(name -> passedOver.add(PassedOver.Reason.HIDDEN, prefix + name));
            contents.others().forEach(name -> passedOver.add(PassedOver.Reason.NO_SAMPLE, prefix + name));
            contents.refused().forEach(each -> reject(prefix + each.name(), each.reason()));
            for (Sample sample : contents.samples()) {
                String first = tarOfKey.putIfAbsent(key(sample.name()), tar.getName());
                if (first == null) {
                    found.add(new Found(tar.toString(), sample));
                } else {
                    reject(prefix + sample.name(), "its key is in " + first + " too");
                }
            }
            if (contents.damage() != null) {
                unlisted.add(
                        contents.damage().rejection(split, tar.getName(), tar + " is cut or damaged", damagedTars));
            }
        }

        private void reject(String name, String reason) {
            unlisted.add(new Rejection(split, -1, name, reason));
        }

        Set<String> labels() {
            return found.stream().map(each -> each.sample().label()).collect(Collectors.toSet());
        }

        List<FilePart> images(ClassLabels classes, ImageForm form) {
            return found.stream()
                    .map(each -> new FilePart(
                            each.tar(),
                            each.sample().offset(),
                            each.sample().length(),
                            each.sample().name(),
                            classes.labels().get(each.sample().label()),
                            form))
                    .sorted(Comparator.comparingInt(FilePart::label).thenComparing(FilePart::name, InputFolder.BY_NAME))
                    .toList();
        }
    }
}
