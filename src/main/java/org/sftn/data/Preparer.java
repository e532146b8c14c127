package org.sftn.data;

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
import org.sftn.conf.HadoopFiles;
import org.sftn.conf.PrepareSettings;
import org.sftn.conf.UserException;

/**
 * Makes a data set of a source: {@code OUT/train} and {@code OUT/test} with shards, {@code OUT/manifest.json} and {@code
 * OUT/rejected.csv}. Equal settings, input and seed give equal bytes. A split's images stand in random order, so that the first
 * ones are a random subset; its shards hold equal numbers of images, but for those that were rejected.
 */
public final class Preparer {
    private static final String REJECTED = "rejected.csv";
    private static final String PLAN = "plan";
    private static final String REPORTS = "reports";
    private static final String UNFINISHED = ".unfinished";
    private static final String ATTEMPTS = "attempts";

    private final JavaSparkContext spark;
    private final PrepareSettings settings;
    private final long seed;
    private final PrintStream out;
    private Source source;

    /**
     * @param seed of the order of the images, and of generated ones
     * @param out takes lines of progress
     */
    public Preparer(JavaSparkContext spark, PrepareSettings settings, long seed, PrintStream out) {
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
                    Sources.key(settings.source()),
                    opened.items(Split.TRAIN).size(),
                    opened.items(Split.TEST).size(),
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

    /** Files that are to appear together with the data set. */
    @FunctionalInterface
    public interface Additions {
        /** @param folder which becomes the data set's next; may hold these files already */
        void write(Path folder, Manifest manifest) throws IOException;
    }

    /**
     * Writes to {@code OUT.unfinished}, which becomes OUT at the very end: what stands under OUT is whole. Shards that an
     * interrupted run of the same source and settings left there are used.
     *
     * @param out a Hadoop path; must not exist, or be an empty folder
     * @throws UserException when there is something in out, the source cannot be read, or too many of its images cannot be
     *     used; then {@code OUT.rejected.csv} names them
     */
    public Manifest prepare(String out, Additions additions) throws InterruptedException {
        Path folder = new Path(out);
        try {
            FileSystem files = folder.getFileSystem(spark.hadoopConfiguration());
            checkEmpty(files, folder);
            Source opened = source();
            files.delete(folder.suffix("." + REJECTED), false);
            Path unfinished = folder.suffix(UNFINISHED);
            SplitWriter train = writer(opened, Split.TRAIN, unfinished);
            SplitWriter test = writer(opened, Split.TEST, unfinished);
            begin(files, unfinished, plan(opened, train, test));
            opened.remarks().forEach(this.out::println);
            List<ShardReport> trainReports = train.write(this.out);
            List<ShardReport> testReports = test.write(this.out);
            List<Rejection> rejections = new ArrayList<>(rejections(opened, Split.TRAIN, trainReports));
            rejections.addAll(rejections(opened, Split.TEST, testReports));
            checkRejected(files, folder, rejections, List.of(trainReports, testReports));
            sayEmptyClasses(opened.classNames(), trainReports);
            writeRejected(files, new Path(unfinished, REJECTED), rejections);
            sayRejected(rejections.size(), new Path(folder, REJECTED));
            Manifest manifest = manifest(opened, trainReports, testReports);
            manifest.write(unfinished, spark.hadoopConfiguration());
            additions.write(unfinished, manifest);
            for (String inner : List.of(ATTEMPTS, REPORTS, PLAN)) {
                files.delete(new Path(unfinished, inner), true);
            }
            finish(files, unfinished, folder);
            return Manifest.read(folder, spark.hadoopConfiguration());
        } catch (IOException e) {
            throw new UncheckedIOException("the data set " + folder + " cannot be written: " + e.getMessage(), e);
        }
    }

    /** Shards that a run which goes on, or has stopped, has made so far; empty when there is no such run. */
    public static OptionalLong shardsDone(String out, Configuration hadoop) throws IOException {
        Path reports = new Path(new Path(out).suffix(UNFINISHED), REPORTS);
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

    private static void checkEmpty(FileSystem files, Path folder) throws IOException {
        if (files.exists(folder) && files.listStatus(folder).length > 0) {
            throw new UserException("the data set cannot be written to " + folder + ": there is something already");
        }
    }

    private SplitWriter writer(Source opened, Split split, Path folder) {
        if (opened.items(split).isEmpty()) {
            throw new UserException("the data set cannot be made: split " + split.key() + " has no images");
        }
        return new SplitWriter(
                spark, opened, split, folder, settings.shardSize().toBytes(), seed);
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

    private static void begin(FileSystem files, Path unfinished, String plan) throws IOException {
        Path file = new Path(unfinished, PLAN);
        if (files.exists(file)) {
            try (FSDataInputStream in = files.open(file)) {
                if (plan.equals(new String(in.readNBytes(plan.length() + 1), StandardCharsets.UTF_8))) {
                    files.delete(new Path(unfinished, ATTEMPTS), true);
                    return;
                }
            }
        }
        files.delete(unfinished, true);
        files.mkdirs(unfinished);
        HadoopFiles.write(files, file, true, out -> out.write(plan.getBytes(StandardCharsets.UTF_8)));
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

    private void checkRejected(
            FileSystem files, Path folder, List<Rejection> rejections, List<List<ShardReport>> splits)
            throws IOException {
        long usable = splits.stream().mapToLong(Preparer::images).sum();
        double share = rejections.size() / (double) (usable + rejections.size());
        boolean emptySplit = splits.stream().anyMatch(reports -> images(reports) == 0);
        if (share > settings.maxRejectedShare() || emptySplit) {
            Path named = folder.suffix("." + REJECTED);
            writeRejected(files, named, rejections);
            throw new UserException(String.format(
                    Locale.ROOT,
                    "the data set cannot be made: %d of %d images cannot be used, a share of %.4f where prepare.max-rejected-share = %s%s; %s names them with the reasons",
                    rejections.size(),
                    usable + rejections.size(),
                    share,
                    settings.maxRejectedShare(),
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
                    "%,d image%s cannot be used; %s names %s with the reason",
                    images,
                    images == 1 ? "" : "s",
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
                Sources.key(settings.source()),
                opened.imageSize(),
                settings.store(),
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

    private static void finish(FileSystem files, Path unfinished, Path folder) throws IOException {
        // A rename onto an empty folder would move into it.
        files.delete(folder, false);
        if (!files.rename(unfinished, folder)) {
            throw new IOException("cannot rename " + unfinished + " to " + folder);
        }
    }
}
