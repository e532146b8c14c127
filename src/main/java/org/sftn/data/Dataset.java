package org.sftn.data;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.spark.Partitioner;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.util.SerializableConfiguration;
import org.apache.spark.util.TaskCompletionListener;
import org.sftn.conf.PrepareSettings.Store;
import org.sftn.conf.UserException;

/** A folder that the prepare job wrote, on the driver. */
public final class Dataset {
    private final JavaSparkContext spark;
    private final Path folder;
    private final Manifest manifest;

    private Dataset(JavaSparkContext spark, Path folder, Manifest manifest) {
        this.spark = spark;
        this.folder = folder;
        this.manifest = manifest;
    }

    /**
     * Reads the manifest and checks that every shard is there in its size.
     *
     * @param path a Hadoop path
     * @throws UserException naming the file, when the manifest or a shard is missing or damaged
     */
    public static Dataset open(SparkSession session, String path) {
        if (path.isBlank()) {
            throw new UserException("no data set can be opened: its path is empty (data.path)");
        }
        JavaSparkContext spark = new JavaSparkContext(session.sparkContext());
        Configuration hadoop = spark.hadoopConfiguration();
        Path folder = new Path(path);
        try {
            Manifest manifest = Manifest.read(folder, hadoop);
            for (Split split : Split.values()) {
                for (Manifest.Shard shard : manifest.part(split).shards()) {
                    check(shard, new Path(new Path(folder, split.key()), shard.file()), hadoop);
                }
            }
            return new Dataset(spark, folder, manifest);
        } catch (IOException e) {
            throw new UserException("the data set " + folder + " cannot be read: " + e.getMessage(), e);
        }
    }

    private static void check(Manifest.Shard shard, Path path, Configuration hadoop) throws IOException {
        FileSystem files = path.getFileSystem(hadoop);
        try {
            long bytes = files.getFileStatus(path).getLen();
            if (bytes != shard.bytes()) {
                throw new UserException("the data set cannot be used: %s has %d bytes, the manifest says %d"
                        .formatted(path, bytes, shard.bytes()));
            }
        } catch (FileNotFoundException e) {
            throw new UserException("the data set cannot be used: %s is missing".formatted(path), e);
        }
    }

    public Manifest manifest() {
        return manifest;
    }

    /**
     * The number of images that {@link #samples} returns.
     *
     * @param split train or test
     * @param limit at most so many; 0 for all
     */
    public long count(String split, int limit) {
        long images = manifest.part(Split.of(split)).images();
        return limit == 0 ? images : Math.min(images, limit);
    }

    /**
     * The images of a split for training on several ranks: partition {@code r} of {@code ranks} holds those with {@code index %
     * ranks == r}, in any order. One shuffle; what comes after it may be a barrier stage.
     *
     * @param split train or test
     * @param limit only images with an index below it; 0 for all
     * @param ranks at least 1
     */
    public JavaRDD<Sample> samples(String split, int limit, int ranks) {
        if (limit < 0 || ranks < 1) {
            throw new IllegalArgumentException(
                    "%d images of %s cannot be dealt to %d ranks".formatted(limit, split, ranks));
        }
        Split part = Split.of(split);
        long count = count(split, limit);
        List<ShardTask> tasks = new ArrayList<>();
        long first = 0;
        for (Manifest.Shard shard : manifest.part(part).shards()) {
            if (first < count) {
                String path = new Path(new Path(folder, part.key()), shard.file()).toString();
                int images = (int) Math.min(shard.images(), count - first);
                tasks.add(
                        new ShardTask(path, first, images, manifest.classes(), manifest.store(), manifest.imageSize()));
            }
            first += shard.images();
        }
        SerializableConfiguration hadoop = new SerializableConfiguration(spark.hadoopConfiguration());
        return spark.parallelize(tasks, tasks.size())
                .flatMap(task -> task.read(hadoop.value()))
                .keyBy(Sample::index)
                .partitionBy(new ByRank(ranks))
                .values();
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

    /**
     * The first images of a shard.
     *
     * @param first the index of the shard's first image
     * @param images how many to read
     */
    private record ShardTask(String path, long first, int images, int classes, Store store, int imageSize)
            implements Serializable {
        Iterator<Sample> read(Configuration hadoop) throws IOException {
            ShardFile.Reader reader = new ShardFile.Reader(new Path(path), hadoop);
            TaskContext.get().addTaskCompletionListener((TaskCompletionListener) context -> close(reader));
            return new Iterator<>() {
                private int done;

                @Override
                public boolean hasNext() {
                    return done < images;
                }

                @Override
                public Sample next() {
                    if (!hasNext()) {
                        throw new NoSuchElementException();
                    }
                    Sample sample = checked(reader, first + done);
                    done++;
                    return sample;
                }
            };
        }

        private static void close(ShardFile.Reader reader) {
            try {
                reader.close();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        private Sample checked(ShardFile.Reader reader, long index) {
            Sample sample;
            try {
                sample = reader.read();
            } catch (IOException | RuntimeException e) {
                throw new UserException(
                        "the shard " + path + " is damaged before image " + index + ": " + e.getMessage(), e);
            }
            if (sample == null || sample.index() != index || sample.label() < 0 || sample.label() >= classes) {
                throw new UserException(
                        "the shard " + path + " is damaged: image " + index + " is not there, or its label is wrong");
            }
            int expected = Preprocessing.CHANNELS * imageSize * imageSize;
            if (store == Store.PIXELS && sample.image().length != expected) {
                throw new UserException("the shard %s is damaged: image %d has %d bytes, not %d"
                        .formatted(path, index, sample.image().length, expected));
            }
            return sample;
        }
    }
}
