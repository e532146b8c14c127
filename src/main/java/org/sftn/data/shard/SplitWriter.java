package org.sftn.data.shard;

import java.io.IOException;
import java.io.PrintStream;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSError;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.JavaFutureAction;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.util.SerializableConfiguration;
import org.jspecify.annotations.Nullable;
import org.sftn.conf.HadoopFiles;
import org.sftn.data.image.ChannelSums;
import org.sftn.data.order.RandomStream;
import org.sftn.data.source.Candidate;
import org.sftn.data.source.InputFiles;
import org.sftn.data.source.Item;
import org.sftn.data.source.Rejection;
import org.sftn.data.source.Source;
import org.sftn.data.source.Split;
import org.sftn.data.task.TaskErrors;
import org.sftn.data.task.TaskProgress;

/**
 * Brings the images of one split into random order and writes them as shards. A task makes one shard: it reads that shard's images
 * where the source has them, one at a time, so that nothing is shuffled and a shard that is done need not be made again.
 */
final class SplitWriter {
    /** The folder for shards that are being written. */
    static final String ATTEMPTS = "attempts";
    /** The folder for a file about each shard that is done. */
    static final String REPORTS = "reports";

    private final JavaSparkContext spark;
    private final Split split;
    private final Path folder;
    private final Path reports;
    private final List<ShardTask> tasks;
    private final int images;

    /**
     * @param folder of the data set; also takes folders of reports and of unfinished files
     * @param shardBytes about how large a shard is to be
     * @param seed of the order
     */
    SplitWriter(JavaSparkContext spark, Source source, Split split, Path folder, long shardBytes, long seed) {
        this.spark = spark;
        this.split = split;
        this.folder = folder;
        this.reports = new Path(new Path(folder, REPORTS), split.key());
        List<? extends Item> items = source.items(split);
        this.images = items.size();
        int[] numbers = RandomStream.of("prepare-" + split.key(), seed).permutation(images);
        int shards = shards(source.bytes(split), images, shardBytes);
        this.tasks = new ArrayList<>();
        for (int shard = 0; shard < shards; shard++) {
            List<Numbered> parts = new ArrayList<>();
            int end = first(shard + 1, shards);
            for (int place = first(shard, shards); place < end; place++) {
                parts.add(new Numbered(numbers[place], items.get(numbers[place])));
            }
            tasks.add(new ShardTask(
                    String.format(Locale.ROOT, "part-%05d.parquet", shard),
                    split,
                    folder.toString(),
                    reports.toString(),
                    source.classNames().size(),
                    parts));
        }
    }

    private static int shards(long bytes, int images, long shardBytes) {
        long shards = (bytes + shardBytes - 1) / shardBytes;
        return (int) Math.max(1, Math.min(images, shards));
    }

    /** The first place of a shard; sizes differ by at most one image. */
    private int first(int shard, int shards) {
        return (int) ((long) images * shard / shards);
    }

    int shards() {
        return tasks.size();
    }

    /** An image with its place in the source's order. */
    private record Numbered(int number, Item item) implements Serializable {}

    /**
     * Writes {@code split/part-00000.parquet} and so on, except those that are done already.
     *
     * @param out takes lines of progress
     * @return in the order of the shards
     */
    List<ShardReport> write(PrintStream out) throws IOException, InterruptedException {
        Configuration hadoop = spark.hadoopConfiguration();
        FileSystem files = folder.getFileSystem(hadoop);
        files.mkdirs(reports);
        files.mkdirs(new Path(folder, split.key()));
        List<@Nullable ShardReport> earlier = new ArrayList<>();
        List<ShardTask> open = new ArrayList<>();
        for (ShardTask task : tasks) {
            ShardReport report = ShardReport.read(reports, task.shard(), task.classes(), hadoop);
            earlier.add(report);
            if (report == null) {
                open.add(task);
            }
        }
        if (open.size() < tasks.size()) {
            out.printf(
                    Locale.ROOT,
                    "%s: %,d of %,d shards are there from an earlier run%n",
                    split.key(),
                    tasks.size() - open.size(),
                    tasks.size());
        }
        List<ShardReport> written = open.isEmpty() ? List.of() : run(open, out);
        List<ShardReport> all = new ArrayList<>();
        int next = 0;
        for (ShardReport report : earlier) {
            all.add(report == null ? written.get(next++) : report);
        }
        return all;
    }

    private List<ShardReport> run(List<ShardTask> open, PrintStream out) throws IOException, InterruptedException {
        SerializableConfiguration hadoop = new SerializableConfiguration(spark.hadoopConfiguration());
        spark.sc()
                .setJobDescription(
                        String.format(Locale.ROOT, "write %,d shards of the %s split", open.size(), split.key()));
        JavaFutureAction<List<ShardReport>> running = spark.parallelize(open, open.size())
                .map(task -> TaskErrors.within(() -> task.write(hadoop.value())))
                .collectAsync();
        return new TaskProgress(spark, split.key(), "shards", tasks.size(), tasks.size() - open.size(), out)
                .await(running);
    }

    /** One shard, made on an executor. */
    private record ShardTask(String file, Split split, String folder, String reports, int classes, List<Numbered> parts)
            implements Serializable {
        Path shard() {
            return new Path(new Path(folder, split.key()), file);
        }

        ShardReport write(Configuration hadoop) throws IOException {
            FileSystem files = shard().getFileSystem(hadoop);
            Path attempt = new Path(
                    new Path(folder, ATTEMPTS),
                    split.key() + "-" + TaskContext.get().taskAttemptId() + "-" + file);
            Path written = HadoopFiles.isWholeAtClose(files, shard()) ? shard() : attempt;
            ShardReport report = write(written, hadoop);
            if (report.images() == 0) {
                files.delete(written, false);
            } else if (written.equals(attempt)) {
                publish(attempt, shard(), report.bytes(), hadoop);
            }
            report.write(new Path(reports), hadoop);
            return report;
        }

        private ShardReport write(Path path, Configuration hadoop) throws IOException {
            ShardFile.Writer writer = new ShardFile.Writer(path, hadoop);
            int images = 0;
            Long[] imagesPerClass = new Long[classes];
            Arrays.fill(imagesPerClass, 0L);
            ChannelSums sums = ChannelSums.NONE;
            ContentDigest digest = ContentDigest.NONE;
            List<Rejection> rejections = new ArrayList<>();
            try (writer;
                    InputFiles input = new InputFiles(hadoop)) {
                try {
                    for (Numbered part : parts) {
                        Candidate candidate = part.item().read(input);
                        if (candidate instanceof Candidate.Rejected rejected) {
                            rejections.add(new Rejection(split, part.number(), rejected.name(), rejected.reason()));
                        } else if (candidate instanceof Candidate.Usable usable) {
                            writer.write(usable.label(), usable.name(), usable.image());
                            images++;
                            imagesPerClass[usable.label()]++;
                            sums = sums.plus(usable.sums());
                            digest = digest.plus(usable.label(), usable.image());
                        }
                    }
                } catch (IOException | RuntimeException | Error e) {
                    writer.giveUp();
                    throw e;
                }
            } catch (FSError e) {
                throw HadoopFiles.unwritten(path, e);
            }
            ShardFile.Written written = writer.written();
            return new ShardReport(
                    file, images, written.bytes(), written.sha256(), List.of(imagesPerClass), sums, digest, rejections);
        }

        /** A file of another attempt, which may have been faster or cut off by a crash, is replaced or kept when it is whole. */
        private static void publish(Path attempt, Path shard, long bytes, Configuration hadoop) throws IOException {
            FileSystem files = shard.getFileSystem(hadoop);
            if (files.rename(attempt, shard)) {
                return;
            }
            if (files.exists(shard) && files.getFileStatus(shard).getLen() != bytes) {
                files.delete(shard, false);
                if (files.rename(attempt, shard)) {
                    return;
                }
            }
            if (!files.exists(shard)) {
                throw new IOException("cannot rename " + attempt + " to " + shard);
            }
            files.delete(attempt, false);
        }
    }
}
