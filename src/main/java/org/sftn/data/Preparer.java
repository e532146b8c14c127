package org.sftn.data;

import java.io.IOException;
import java.io.OutputStreamWriter;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.commons.csv.CSVFormat;
import org.apache.commons.csv.CSVPrinter;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.SparkSession;
import org.sftn.conf.PrepareSettings;
import org.sftn.conf.UserException;
import org.sftn.data.SplitWriter.Rejection;
import org.sftn.data.SplitWriter.ShardReport;

/**
 * Makes a data set of a source: {@code OUT/train} and {@code OUT/test} with shards, {@code OUT/manifest.json} and {@code
 * OUT/rejected.csv}. Equal settings, input and seed give equal bytes. A split's images stand in random order, so that the first
 * ones are a random subset; a shard holds at most {@code images-per-shard}, fewer where images were rejected.
 */
public final class Preparer {
    private static final String REJECTED = "rejected.csv";

    private final JavaSparkContext spark;
    private final PrepareSettings settings;
    private final long seed;

    /** @param seed of the order of the images, and of generated ones */
    public Preparer(SparkSession session, PrepareSettings settings, long seed) {
        this.spark = new JavaSparkContext(session.sparkContext());
        this.settings = settings;
        this.seed = seed;
    }

    /**
     * Opens the source and reads no images.
     *
     * @return what there is, for people
     * @throws UserException when the source cannot be read
     */
    public String check() {
        try {
            Source source = Sources.open(settings, seed, spark.hadoopConfiguration());
            return "%s, %,d training and %,d test images of %d classes"
                    .formatted(
                            Sources.key(settings.source()),
                            source.count(Split.TRAIN),
                            source.count(Split.TEST),
                            source.classNames().size());
        } catch (IOException e) {
            throw new UncheckedIOException("the source cannot be read: " + e.getMessage(), e);
        }
    }

    /**
     * Writes to {@code OUT.unfinished}, which becomes OUT at the very end: what stands under OUT is whole. What an interrupted
     * run left there is deleted.
     *
     * @param out a Hadoop path; must not exist, or be an empty folder
     * @throws UserException when there is something in out, the source cannot be read, or too many of its images cannot be
     *     used; then {@code OUT.rejected.csv} names them
     */
    public Manifest prepare(String out) {
        Path folder = new Path(out);
        try {
            FileSystem files = folder.getFileSystem(spark.hadoopConfiguration());
            checkEmpty(files, folder);
            Source source = Sources.open(settings, seed, spark.hadoopConfiguration());
            files.delete(folder.suffix("." + REJECTED), false);
            Path unfinished = folder.suffix(".unfinished");
            files.delete(unfinished, true);

            SplitWriter train = read(source, Split.TRAIN);
            SplitWriter test = read(source, Split.TEST);
            List<Rejection> rejections = new ArrayList<>(train.rejections());
            rejections.addAll(test.rejections());
            checkRejected(files, folder, rejections, List.of(train, test));
            Manifest manifest = manifest(source, train.write(unfinished), test.write(unfinished));
            writeRejected(files, new Path(unfinished, REJECTED), rejections);
            manifest.write(unfinished, spark.hadoopConfiguration());
            finish(files, unfinished, folder);
            return manifest;
        } catch (IOException e) {
            throw new UncheckedIOException("the data set " + folder + " cannot be written: " + e.getMessage(), e);
        }
    }

    private static void checkEmpty(FileSystem files, Path folder) throws IOException {
        if (files.exists(folder) && files.listStatus(folder).length > 0) {
            throw new UserException("the data set cannot be written to " + folder + ": there is something already");
        }
    }

    private SplitWriter read(Source source, Split split) {
        if (source.count(split) == 0) {
            throw new UserException("the data set cannot be made: split " + split.key() + " has no images");
        }
        return new SplitWriter(spark, source, split, settings.imagesPerShard(), seed);
    }

    private void checkRejected(FileSystem files, Path folder, List<Rejection> rejections, List<SplitWriter> writers)
            throws IOException {
        long usable = writers.stream().mapToLong(SplitWriter::usable).sum();
        double share = rejections.size() / (double) (usable + rejections.size());
        boolean emptySplit = writers.stream().anyMatch(w -> w.usable() == 0);
        if (share > settings.maxRejectedShare() || emptySplit) {
            Path named = folder.suffix("." + REJECTED);
            writeRejected(files, named, rejections);
            throw new UserException(
                    "the data set cannot be made: %d of %d images cannot be used, a share of %.4f where prepare.max-rejected-share = %s%s; %s names them with the reasons"
                            .formatted(
                                    rejections.size(),
                                    usable + rejections.size(),
                                    share,
                                    settings.maxRejectedShare(),
                                    emptySplit ? ", and a split has none left" : "",
                                    named));
        }
    }

    private static void writeRejected(FileSystem files, Path path, List<Rejection> rejections) throws IOException {
        CSVFormat format = CSVFormat.RFC4180
                .builder()
                .setHeader("split", "image", "reason")
                .get();
        try (Writer writer = new OutputStreamWriter(files.create(path, true), StandardCharsets.UTF_8);
                CSVPrinter csv = new CSVPrinter(writer, format)) {
            for (Rejection rejection : rejections) {
                csv.printRecord(rejection.split().key(), rejection.name(), rejection.reason());
            }
        }
    }

    private Manifest manifest(Source source, List<ShardReport> train, List<ShardReport> test) {
        int classes = source.classNames().size();
        ChannelSums sums = train.stream().map(ShardReport::sums).reduce(ChannelSums.NONE, ChannelSums::plus);
        return new Manifest(
                Manifest.FORMAT,
                Sources.key(settings.source()),
                source.imageSize(),
                settings.store(),
                source.classNames(),
                sums.mean(),
                sums.standardDeviation(),
                part(train, classes),
                part(test, classes));
    }

    private static Manifest.Part part(List<ShardReport> reports, int classes) {
        return new Manifest.Part(
                reports.stream().mapToLong(ShardReport::images).sum(),
                IntStream.range(0, classes)
                        .mapToObj(label -> reports.stream()
                                .mapToLong(r -> r.imagesPerClass().get(label))
                                .sum())
                        .toList(),
                Sha256.hex(reports.stream().map(ShardReport::digests).reduce(BigInteger.ZERO, BigInteger::add)),
                reports.stream()
                        .map(r -> new Manifest.Shard(
                                r.file(),
                                r.images(),
                                r.written().bytes(),
                                r.written().sha256()))
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
