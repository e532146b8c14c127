package org.sftn.data;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.spark.Partitioner;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.util.SerializableConfiguration;
import org.apache.spark.util.TaskCompletionListener;
import org.sftn.conf.DataSettings.Damaged;
import org.sftn.conf.PrepareSettings.Store;
import org.sftn.conf.UserException;
import org.sftn.data.order.Sampler;
import org.sftn.data.shard.Manifest;
import org.sftn.data.source.Split;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A folder that the prepare job wrote, on the driver. */
public final class Dataset {
    private static final Logger LOG = LoggerFactory.getLogger(Dataset.class);

    private final JavaSparkContext spark;
    private final Path folder;
    private final Manifest manifest;
    private final Damaged damaged;

    private Dataset(JavaSparkContext spark, Path folder, Manifest manifest, Damaged damaged) {
        this.spark = spark;
        this.folder = folder;
        this.manifest = manifest;
        this.damaged = damaged;
    }

    /**
     * Reads the manifest and checks that every shard is there in its size, and no other.
     *
     * @param path a Hadoop path
     * @param damaged what to do with shards and images that are damaged or missing, now or whenever they are read
     * @throws UserException naming the file, when the manifest or, unless that is to be skipped, a shard is missing or damaged
     */
    public static Dataset open(JavaSparkContext spark, String path, Damaged damaged) {
        if (path.isBlank()) {
            throw new UserException("no data set can be opened: its path is empty (data.path)");
        }
        Configuration hadoop = spark.hadoopConfiguration();
        Path folder = new Path(path);
        try {
            Manifest manifest = Manifest.read(folder, hadoop);
            for (Split split : Split.values()) {
                check(folder, split, manifest.part(split), damaged, hadoop);
            }
            return new Dataset(spark, folder, manifest, damaged);
        } catch (IOException e) {
            throw new UserException("the data set " + folder + " cannot be read: " + e.getMessage(), e);
        }
    }

    private static void check(Path folder, Split split, Manifest.Part part, Damaged damaged, Configuration hadoop)
            throws IOException {
        Path ofSplit = new Path(folder, split.key());
        FileSystem files = ofSplit.getFileSystem(hadoop);
        Map<String, Long> there = new TreeMap<>();
        if (files.exists(ofSplit)) {
            for (FileStatus file : files.listStatus(ofSplit)) {
                there.put(file.getPath().getName(), file.getLen());
            }
        }
        for (Manifest.Shard shard : part.shards()) {
            Long bytes = there.remove(shard.file());
            String problem = bytes == null
                    ? "is missing"
                    : String.format(Locale.ROOT, "has %d bytes, the manifest says %d", bytes, shard.bytes());
            if (bytes == null || bytes != shard.bytes()) {
                skipOrFail(damaged, String.format(Locale.ROOT, "%s %s", path(folder, split, shard), problem));
            }
        }
        for (String file : there.keySet()) {
            if (file.endsWith(".parquet")) {
                skipOrFail(damaged, String.format(Locale.ROOT, "%s is not in the manifest", new Path(ofSplit, file)));
            }
        }
    }

    private static void skipOrFail(Damaged damaged, String problem) {
        if (damaged == Damaged.FAIL) {
            throw new UserException("the data set cannot be used: " + problem);
        }
        LOG.warn("{}: what cannot be read is skipped", problem);
    }

    /**
     * The same images for a network that was trained elsewhere.
     *
     * @param mean by channel, red, green, blue; what its images were normalized with
     * @param standardDeviation likewise
     */
    public Dataset normalizedBy(List<Double> mean, List<Double> standardDeviation) {
        return new Dataset(spark, folder, manifest.with(mean, standardDeviation), damaged);
    }

    public Manifest manifest() {
        return manifest;
    }

    /**
     * The number of images of a split.
     *
     * @param split train or test
     * @param limit at most so many; 0 for all
     */
    public long count(String split, int limit) {
        long images = manifest.part(Split.of(split)).images();
        return limit == 0 ? images : Math.min(images, limit);
    }

    /**
     * A split for several ranks: partition {@code r} holds what rank {@code r} is given. Of stored pixels it is the images with {@code
     * index % ranks == r}, in any order: one shuffle brings them there. Of image files, which may be too many for that, it is where
     * to read those of the {@code r}-th of {@code ranks} stretches of equal length. What comes after it may be a barrier stage.
     *
     * @param split train or test
     * @param limit only images with an index below it; 0 for all
     * @param ranks at least 1
     */
    public JavaRDD<RankData> byRank(String split, int limit, int ranks) {
        if (limit < 0 || ranks < 1) {
            throw new IllegalArgumentException(
                    String.format(Locale.ROOT, "%d images of %s cannot be dealt to %d ranks", limit, split, ranks));
        }
        Split part = Split.of(split);
        long count = count(split, limit);
        if (manifest.store() == Store.FILES) {
            List<ArrayList<RankData>> byRank = new ArrayList<>();
            for (int rank = 0; rank < ranks; rank++) {
                byRank.add(new ArrayList<>(ranges(part, start(count, rank, ranks), start(count, rank + 1, ranks))));
            }
            return spark.parallelize(byRank, ranks).flatMap(ArrayList::iterator);
        }
        List<ShardRange> ranges = ranges(part, 0, count);
        SerializableConfiguration hadoop = new SerializableConfiguration(spark.hadoopConfiguration());
        return spark.parallelize(ranges, ranges.size())
                .flatMap(range -> read(range, hadoop.value()))
                .keyBy(Sample::index)
                .partitionBy(new ByRank(ranks))
                .values()
                .map(sample -> (RankData) sample);
    }

    /** As many images for each rank as {@link Sampler#localTotal} says. */
    private static long start(long count, int rank, int ranks) {
        return count / ranks * rank + Math.min(rank, count % ranks);
    }

    /** The shards that hold the images from first to end - 1. */
    private List<ShardRange> ranges(Split split, long first, long end) {
        List<ShardRange> ranges = new ArrayList<>();
        int imageBytes = ShardRange.imageBytes(manifest.store(), manifest.imageSize());
        long start = 0;
        for (Manifest.Shard shard : manifest.part(split).shards()) {
            long from = Math.max(first, start);
            long to = Math.min(end, start + shard.images());
            if (from < to) {
                ranges.add(new ShardRange(
                        path(split, shard).toString(),
                        from,
                        (int) (from - start),
                        (int) (to - from),
                        manifest.classes(),
                        imageBytes,
                        damaged));
            }
            start += shard.images();
        }
        return ranges;
    }

    private Path path(Split split, Manifest.Shard shard) {
        return path(folder, split, shard);
    }

    private static Path path(Path folder, Split split, Manifest.Shard shard) {
        return new Path(new Path(folder, split.key()), shard.file());
    }

    private static Iterator<Sample> read(ShardRange range, Configuration hadoop) {
        ShardRange.Images images = range.read(hadoop);
        TaskContext.get().addTaskCompletionListener((TaskCompletionListener) context -> close(images));
        return images;
    }

    private static void close(ShardRange.Images images) {
        try {
            images.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Deals indices out. */
    private static final class ByRank extends Partitioner {
        private static final long serialVersionUID = 1L;

        private final int ranks;

        ByRank(int ranks) {
            this.ranks = ranks;
        }

        @Override
        public int numPartitions() {
            return ranks;
        }

        @Override
        public int getPartition(Object index) {
            return (int) ((Long) index % ranks);
        }
    }
}
