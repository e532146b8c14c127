package org.sftn.data;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.LocatedFileStatus;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RemoteIterator;
import org.apache.hadoop.security.AccessControlException;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.util.SerializableConfiguration;
import org.sftn.conf.PrepareSettings;
import org.sftn.conf.PrepareSettings.Store;
import org.sftn.conf.UserException;

/**
 * Image files in a folder a class, as torchvision's ImageFolder has them: {@code SPLIT/CLASS/.../FILE} with the extensions .jpg,
 * .jpeg and .png in any case; labels in the order of the class names.
 *
 * @param items by split, in the order of their paths
 */
record ImageFolderSource(
        Map<Split, Path> folders,
        List<String> classNames,
        Map<Split, List<Item>> items,
        int imageSize,
        Store store,
        Configuration hadoop)
        implements Source {
    private static final List<String> EXTENSIONS = List.of(".jpg", ".jpeg", ".png");
    private static final int FILES_A_TASK = 500;
    private static final int NAMED_IN_MESSAGES = 5;

    /**
     * A file.
     *
     * @param number from 0 in its split
     * @param path below the split's folder
     */
    private record Item(int number, String path, int label) implements Serializable {}

    static ImageFolderSource open(PrepareSettings settings, Configuration hadoop) throws IOException {
        if (settings.input().isBlank()) {
            throw new UserException(
                    "there is nothing to prepare: prepare.input is empty, the folder with the image folders");
        }
        Map<Split, Path> folders = new EnumMap<>(Split.class);
        folders.put(Split.TRAIN, new Path(settings.input(), settings.trainFolder()));
        folders.put(Split.TEST, new Path(settings.input(), settings.testFolder()));
        List<String> classes = classes(folders.get(Split.TRAIN), hadoop);
        checkSame(folders, classes, classes(folders.get(Split.TEST), hadoop));
        Map<Split, List<Item>> items = new EnumMap<>(Split.class);
        for (Split split : Split.values()) {
            items.put(split, list(folders.get(split), classes, hadoop));
        }
        return new ImageFolderSource(folders, classes, items, settings.imageSize(), settings.store(), hadoop);
    }

    private static List<String> classes(Path folder, Configuration hadoop) throws IOException {
        try {
            List<String> classes = Stream.of(folder.getFileSystem(hadoop).listStatus(folder))
                    .filter(FileStatus::isDirectory)
                    .map(status -> status.getPath().getName())
                    .sorted()
                    .toList();
            if (classes.isEmpty()) {
                throw new UserException("there are no images in " + folder + ": it has no folder a class");
            }
            return classes;
        } catch (FileNotFoundException e) {
            throw new UserException("the image folder cannot be read: there is no " + folder, e);
        }
    }

    private static void checkSame(Map<Split, Path> folders, List<String> train, List<String> test) {
        if (!train.equals(test)) {
            throw new UserException("the classes of %s and %s differ: only in the first: %s; only in the second: %s"
                    .formatted(
                            folders.get(Split.TRAIN),
                            folders.get(Split.TEST),
                            difference(train, test),
                            difference(test, train)));
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

    private static List<Item> list(Path folder, List<String> classes, Configuration hadoop) throws IOException {
        FileSystem files = folder.getFileSystem(hadoop);
        int prefix = files.makeQualified(folder).toString().length() + 1;
        List<Item> items = new ArrayList<>();
        for (int label = 0; label < classes.size(); label++) {
            List<String> ofClass = new ArrayList<>();
            RemoteIterator<LocatedFileStatus> all = files.listFiles(new Path(folder, classes.get(label)), true);
            while (all.hasNext()) {
                Path path = all.next().getPath();
                if (EXTENSIONS.stream().anyMatch(path.getName().toLowerCase(Locale.ROOT)::endsWith)) {
                    ofClass.add(path.toString().substring(prefix));
                }
            }
            if (ofClass.isEmpty()) {
                throw new UserException("the class folder %s holds no file with one of the extensions %s"
                        .formatted(new Path(folder, classes.get(label)), String.join(", ", EXTENSIONS)));
            }
            Collections.sort(ofClass);
            for (String path : ofClass) {
                items.add(new Item(items.size(), path, label));
            }
        }
        return items;
    }

    @Override
    public int count(Split split) {
        return items.get(split).size();
    }

    @Override
    public JavaRDD<Candidate> read(JavaSparkContext spark, Split split) {
        SerializableConfiguration settings = new SerializableConfiguration(hadoop);
        Files files = new Files(folders.get(split).toString(), imageSize, store);
        int tasks = Math.max(spark.defaultParallelism(), count(split) / FILES_A_TASK + 1);
        return spark.parallelize(items.get(split), tasks).map(item -> files.read(item, settings.value()));
    }

    /** The part that runs on executors. */
    private record Files(String folder, int imageSize, Store store) implements Serializable {
        Candidate read(Item item, Configuration hadoop) throws IOException {
            try {
                byte[] file = bytes(new Path(folder, item.path()), hadoop);
                byte[] planes = new ImageDecoder(imageSize).planes(file);
                return Candidate.usable(
                        item.number(), item.path(), item.label(), store == Store.FILES ? file : planes, planes);
            } catch (UnusableImageException e) {
                return Candidate.rejected(item.number(), item.path(), e.getMessage());
            }
        }

        private static byte[] bytes(Path path, Configuration hadoop) throws IOException, UnusableImageException {
            try (FSDataInputStream in = path.getFileSystem(hadoop).open(path)) {
                byte[] bytes = in.readNBytes(ImageDecoder.MAX_FILE_BYTES + 1);
                if (bytes.length > ImageDecoder.MAX_FILE_BYTES) {
                    throw new UnusableImageException("it is longer than " + ImageDecoder.MAX_FILE_BYTES + " bytes");
                }
                return bytes;
            } catch (FileNotFoundException | AccessControlException e) {
                // Other failures may pass: Spark tries the task again.
                throw new UnusableImageException("it cannot be read: " + e.getMessage(), e);
            }
        }
    }
}
