package org.sftn.data.shard;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.sftn.conf.DataSettings;
import org.sftn.conf.HadoopFiles;
import org.sftn.conf.Json;
import org.sftn.conf.PrepareSettings.Store;
import org.sftn.conf.Printable;
import org.sftn.conf.Sha256;
import org.sftn.conf.UserException;
import org.sftn.data.image.Preprocessing;
import org.sftn.data.source.Split;

/**
 * What {@code manifest.json} says of a folder of shards.
 *
 * @param format the version of this layout
 * @param source the value of {@code prepare.source}
 * @param imageSize height and width in pixels of the images that training sees
 * @param store what the shards hold of an image
 * @param classNames by label
 * @param mean of the training images' pixels by channel, red, green, blue, in [0, 1]
 * @param standardDeviation likewise; 1 for a channel that never varies
 */
public record Manifest(
        int format,
        String source,
        int imageSize,
        Store store,
        List<String> classNames,
        List<Double> mean,
        List<Double> standardDeviation,
        Part train,
        Part test) {
    /** The version that is written and read; the first had other shards, the second other names. */
    public static final int FORMAT = 3;

    public static final String FILE = "manifest.json";
    /** Of 50,000 shards and more. */
    private static final int MAX_BYTES = 16 << 20;

    private static final int MAX_IMAGE_SIZE = 4096;

    /**
     * A split.
     *
     * @param images at least 1
     * @param imagesPerClass by label
     * @param digest of all labels and images in their order, whatever shards they are in
     * @param shards in the order of their images' indices
     */
    public record Part(long images, List<Long> imagesPerClass, String digest, List<Shard> shards) {
        public Part {
            imagesPerClass = List.copyOf(imagesPerClass);
            shards = List.copyOf(shards);
            require(images >= 1, "a split of " + images + " images");
            require(imagesPerClass.stream().allMatch(n -> n >= 0), "a negative number of images in a class");
            require(sum(imagesPerClass) == images, "the classes do not add up to " + images + " images");
            require(
                    sum(shards.stream().map(s -> (long) s.images()).toList()) == images,
                    "the shards do not add up to " + images + " images");
            requireDigest(digest);
        }

        private static long sum(List<Long> numbers) {
            return numbers.stream().mapToLong(n -> n).reduce(0, Math::addExact);
        }
    }

    /**
     * One Parquet file.
     *
     * @param file its name in the split's folder
     * @param images at least 1
     * @param sha256 of the file
     */
    public record Shard(String file, int images, long bytes, String sha256) {
        private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,100}");

        public Shard {
            require(NAME.matcher(file).matches(), "'" + file + "' cannot be a shard");
            require(images >= 1, "a shard of " + images + " images");
            require(bytes >= 1, "a shard of " + bytes + " bytes");
            requireDigest(sha256);
        }
    }

    public Manifest {
        classNames = List.copyOf(classNames);
        mean = List.copyOf(mean);
        standardDeviation = List.copyOf(standardDeviation);
        require(imageSize >= 1 && imageSize <= MAX_IMAGE_SIZE, "images of size " + imageSize);
        require(!classNames.isEmpty(), "no classes");
        // Checks mean and deviation.
        new Preprocessing(imageSize, store, mean, standardDeviation, 0, false);
        for (Part part : List.of(train, test)) {
            require(
                    part.imagesPerClass().size() == classNames.size(),
                    part.imagesPerClass().size() + " numbers of images for " + classNames.size() + " classes");
        }
    }

    /** With what the images are normalized with in place of their own statistics; the identity stays. */
    public Manifest with(List<Double> otherMean, List<Double> otherStandardDeviation) {
        return new Manifest(
                format, source, imageSize, store, classNames, otherMean, otherStandardDeviation, train, test);
    }

    /** The number of classes. */
    public int classes() {
        return classNames.size();
    }

    /** SHA-256 over what training depends on: classes, size, all images and their order; not over the cut into shards. */
    public String identity() {
        String all = String.join("\n", classNames) + "\n" + store + "\n" + imageSize + "\n" + train.digest() + "\n"
                + test.digest();
        return Sha256.of(all.getBytes(StandardCharsets.UTF_8));
    }

    public Part part(Split split) {
        return switch (split) {
            case TRAIN -> train;
            case TEST -> test;
        };
    }

    /** @param folder of the data set */
    void write(Path folder, Configuration hadoop) throws IOException {
        byte[] json = Json.file(this);
        HadoopFiles.replace(new Path(folder, FILE), hadoop, out -> out.write(json));
    }

    /**
     * @param folder of the data set
     * @throws UserException when there is none, or it is damaged or of another version; naming the file
     */
    public static Manifest read(Path folder, Configuration hadoop) throws IOException {
        Path path = new Path(folder, FILE);
        byte[] bytes;
        try {
            bytes = HadoopFiles.read(path, MAX_BYTES, hadoop);
        } catch (FileNotFoundException e) {
            throw new UserException(
                    "there is no data set in " + folder + ": " + FILE + " is missing, which prepare writes last", e);
        } catch (HadoopFiles.TooLongException e) {
            throw new UserException("the data set cannot be used: " + e.getMessage(), e);
        }
        try {
            JsonNode tree = Json.COMPLETE.readTree(bytes);
            int format = tree.path(Json.FORMAT).asInt();
            if (format != FORMAT) {
                throw new UserException(String.format(
                        Locale.ROOT,
                        "the data set cannot be used: %s has format %s, this version reads %d; prepare it again",
                        path,
                        tree.path(Json.FORMAT).asText("unknown"),
                        FORMAT));
            }
            return Json.COMPLETE.treeToValue(tree, Manifest.class);
        } catch (IOException e) {
            // Not only Jackson's own exceptions: it also throws those of a wrong encoding.
            throw new UserException(
                    String.format(
                            Locale.ROOT,
                            "the data set cannot be used: %s is damaged: %s",
                            path,
                            Printable.damageOfJson(e)),
                    e);
        }
    }

    private static void require(boolean holds, String otherwise) {
        if (!holds) {
            throw new IllegalArgumentException(otherwise);
        }
    }

    private static void requireDigest(String text) {
        require(text.matches("[0-9a-f]{64}"), "'" + text + "' is not a digest");
    }

    /**
     * What a run makes of the images, with the statistics of the training split.
     *
     * @throws UserException when the settings are not for this data set, with all reasons
     */
    public Preprocessing preprocessing(DataSettings settings) {
        return Preprocessing.of(settings, imageSize, store, mean, standardDeviation);
    }
}
