package org.sftn.data.shard;

import java.io.IOException;
import java.io.OutputStreamWriter;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.OptionalLong;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.commons.csv.CSVFormat;
import org.apache.commons.csv.CSVPrinter;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.spark.api.java.JavaSparkContext;
import org.jspecify.annotations.Nullable;
import org.sftn.conf.HadoopFiles;
import org.sftn.conf.Printable;
import org.sftn.conf.Settings;
import org.sftn.conf.Sha256;
import org.sftn.conf.UserException;
import org.sftn.data.image.ChannelSums;
import org.sftn.data.source.Rejection;
import org.sftn.data.source.Source;
import org.sftn.data.source.Sources;
import org.sftn.data.source.Split;

/**
 * Makes a data set of a source: {@code OUT/train} and {@code OUT/test} with shards, {@code OUT/manifest.json} and {@code
 * OUT/rejected.csv}. Equal settings, input and seed give equal bytes. A split's images stand in random order, so that the first
 * ones are a random subset; its shards hold equal numbers of images, except for those that were rejected.
 */
public final class Preparer {
    private static final String REJECTED = "rejected.csv";
    private static final String PLAN = "plan";
    private static final String STAGED = "staged";

    /** What is written, in the order in which a data set is deleted: first that there is one. */
    public static final List<String> WRITTEN = List.of(
            Manifest.FILE,
            PLAN,
            REJECTED,
            SplitWriter.REPORTS,
            SplitWriter.ATTEMPTS,
            STAGED,
            Split.TRAIN.key(),
            Split.TEST.key());

    private final JavaSparkContext spark;
    private final Settings settings;
    private final long seed;
    private final PrintStream out;
    /** Null until it is opened. */
    private @Nullable Source source;

    /**
     * @param seed of the order of the images, and of generated ones
     * @param out takes lines of progress
     */
    public Preparer(JavaSparkContext spark, Settings settings, long seed, PrintStream out) {
        this.spark = spark;
        this.settings = settings;
        this.seed = seed;
        this.out = out;
    }

    /**
     * Opens the source and reads no images.
     *
     * @return what there is and what is not taken, in lines for people
     * @throws UserException when the source cannot be read
     */
    public List<String> check() {
        try {
            Source opened = source();
            String images = String.format(
                    Locale.ROOT,
                    "%s, %,d training and %,d test images of %d classes",
                    settings.prepare().source(),
                    opened.images(Split.TRAIN),
                    opened.images(Split.TEST),
                    opened.classNames().size());
            return Stream.concat(Stream.of(images), opened.remarks().stream()).toList();
        } catch (IOException e) {
            throw new UncheckedIOException("the source cannot be read: " + e.getMessage(), e);
        }
    }

    // Listing a large source takes a while: once.
    private Source source() throws IOException {
        if (source == null) {
            source = Sources.open(settings, seed, spark);
        }
        return source;
    }

    /**
     * Writes the manifest last: without it there is no data set. Shards that an interrupted run of the same source and settings left
     * in the folder are used; those of another one are deleted.
     *
     * @param out a Hadoop path
     * @throws UserException when the source cannot be read, or too many of its images cannot be used; then {@code rejected.csv}
     *     names them
     */
    public Manifest prepare(String out) throws InterruptedException {
        Path folder = new Path(out);
        try {
            FileSystem files = folder.getFileSystem(spark.hadoopConfiguration());
            if (!files.exists(new Path(folder, Manifest.FILE))) {
                make(files, folder);
            }
            for (String inner : List.of(SplitWriter.ATTEMPTS, SplitWriter.REPORTS, STAGED, PLAN)) {
                files.delete(new Path(folder, inner), true);
            }
            return Manifest.read(folder, spark.hadoopConfiguration());
        } catch (IOException e) {
            throw new UncheckedIOException("the data set " + folder + " cannot be written: " + e.getMessage(), e);
        }
    }

    private void make(FileSystem files, Path folder) throws IOException, InterruptedException {
        Source opened = source().staged(new Path(folder, STAGED), this.out);
        SplitWriter train = writer(opened, Split.TRAIN, folder);
        SplitWriter test = writer(opened, Split.TEST, folder);
        begin(files, folder, plan(opened, train, test));
        opened.remarks().forEach(this.out::println);
        List<ShardReport> trainReports = train.write(this.out);
        List<ShardReport> testReports = test.write(this.out);
        List<Rejection> rejections = new ArrayList<>(rejections(opened, Split.TRAIN, trainReports));
        rejections.addAll(rejections(opened, Split.TEST, testReports));
        Path rejected = new Path(folder, REJECTED);
        writeRejected(files, rejected, rejections);
        checkRejected(rejected, rejections, List.of(trainReports, testReports));
        sayEmptyClasses(opened.classNames(), trainReports);
        sayRejected(rejections.size(), rejected);
        manifest(opened, trainReports, testReports).write(folder, spark.hadoopConfiguration());
    }

    /** Shards that a run which goes on, or has stopped, has made so far; empty when there is no such run. */
    public static OptionalLong shardsDone(String out, Configuration hadoop) throws IOException {
        Path reports = new Path(out, SplitWriter.REPORTS);
        FileSystem files = reports.getFileSystem(hadoop);
        if (!files.exists(reports)) {
            return OptionalLong.empty();
        }
        long done = 0;
        for (FileStatus split : files.listStatus(reports)) {
            done += files.listStatus(split.getPath()).length;
        }
        return OptionalLong.of(done);
    }

    private SplitWriter writer(Source opened, Split split, Path folder) {
        if (opened.items(split).isEmpty()) {
            throw new UserException("the data set cannot be made: split " + split.key() + " has no images");
        }
        return new SplitWriter(
                spark, opened, split, folder, settings.prepare().shardSize().toBytes(), seed);
    }

    /** What all shards depend on, as a digest: with another one nothing of an earlier run can be used. */
    private String plan(Source opened, SplitWriter train, SplitWriter test) {
        MessageDigest digest = Sha256.digest();
        Stream.concat(
                        Stream.of(seed, train.shards(), test.shards(), Manifest.FORMAT, opened.classNames()),
                        Stream.of(Split.values()).flatMap(split -> opened.items(split).stream()))
                .forEach(part -> digest.update((part + "\n").getBytes(StandardCharsets.UTF_8)));
        return Sha256.hex(digest.digest());
    }

    private void begin(FileSystem files, Path folder, String plan) throws IOException {
        Path file = new Path(folder, PLAN);
        if (files.exists(file)) {
            try (FSDataInputStream in = files.open(file)) {
                if (plan.equals(new String(in.readNBytes(plan.length() + 1), StandardCharsets.UTF_8))) {
                    files.delete(new Path(folder, SplitWriter.ATTEMPTS), true);
                    return;
                }
            }
        }
        for (String name : WRITTEN) {
            // What is staged is part of this plan.
            if (!name.equals(STAGED)) {
                files.delete(new Path(folder, name), true);
            }
        }
        HadoopFiles.replace(file, spark.hadoopConfiguration(), out -> out.write(plan.getBytes(StandardCharsets.UTF_8)));
    }

    /** In the source's order, what could not be listed first. */
    private static List<Rejection> rejections(Source opened, Split split, List<ShardReport> reports) {
        return Stream.concat(
                        opened.unlisted(split).stream(),
                        reports.stream()
                                .flatMap(report -> report.rejections().stream())
                                .sorted(Comparator.comparingInt(Rejection::number)))
                .toList();
    }

    /** @param named where they are named */
    private void checkRejected(Path named, List<Rejection> rejections, List<List<ShardReport>> splits) {
        long usable = splits.stream().mapToLong(Preparer::images).sum();
        double share = rejections.size() / (double) (usable + rejections.size());
        boolean emptySplit = splits.stream().anyMatch(reports -> images(reports) == 0);
        if (share > settings.prepare().maxRejectedShare() || emptySplit) {
            throw new UserException(String.format(
                    Locale.ROOT,
                    "the data set cannot be made: %d of %d images cannot be used, a share of %.4f where prepare.max-rejected-share = %s%s; %s names them with the reasons",
                    rejections.size(),
                    usable + rejections.size(),
                    share,
                    settings.prepare().maxRejectedShare(),
                    emptySplit ? ", and a split has none left" : "",
                    named));
        }
    }

    private void sayEmptyClasses(List<String> classNames, List<ShardReport> train) {
        List<Long> images = part(train, classNames.size()).imagesPerClass();
        for (int label = 0; label < images.size(); label++) {
            if (images.get(label) == 0) {
                out.println("no training image of class " + classNames.get(label) + " can be used");
            }
        }
    }

    private void sayRejected(int images, Path where) {
        if (images > 0) {
            out.println(String.format(
                    Locale.ROOT,
                    "%s cannot be used; %s names %s with the reason",
                    Printable.count(images, "image"),
                    where,
                    images == 1 ? "it" : "each"));
        }
    }

    private static long images(List<ShardReport> reports) {
        return reports.stream().mapToLong(ShardReport::images).sum();
    }

    private static void writeRejected(FileSystem files, Path path, List<Rejection> rejections) throws IOException {
        CSVFormat format = CSVFormat.RFC4180
                .builder()
                .setHeader("split", "image", "reason")
                .get();
        HadoopFiles.write(files, path, true, out -> {
            CSVPrinter csv = new CSVPrinter(new OutputStreamWriter(out, StandardCharsets.UTF_8), format);
            for (Rejection rejection : rejections) {
                csv.printRecord(rejection.split().key(), rejection.name(), rejection.reason());
            }
            csv.flush();
        });
    }

    private Manifest manifest(Source opened, List<ShardReport> train, List<ShardReport> test) {
        int classes = opened.classNames().size();
        ChannelSums sums = train.stream().map(ShardReport::sums).reduce(ChannelSums.NONE, ChannelSums::plus);
        return new Manifest(
                Manifest.FORMAT,
                settings.prepare().source(),
                opened.imageSize(),
                settings.prepare().store(),
                opened.classNames(),
                sums.mean(),
                sums.standardDeviation(),
                part(train, classes),
                part(test, classes));
    }

    private static Manifest.Part part(List<ShardReport> reports, int classes) {
        return new Manifest.Part(
                images(reports),
                IntStream.range(0, classes)
                        .mapToObj(label -> reports.stream()
                                .mapToLong(r -> r.imagesPerClass().get(label))
                                .sum())
                        .toList(),
                reports.stream()
                        .map(ShardReport::digest)
                        .reduce(ContentDigest.NONE, ContentDigest::plus)
                        .hex(),
                reports.stream()
                        .filter(r -> r.images() > 0)
                        .map(r -> new Manifest.Shard(r.file(), r.images(), r.bytes(), r.sha256()))
                        .toList());
    }
}
