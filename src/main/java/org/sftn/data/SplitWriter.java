package org.sftn.data;

import java.io.IOException;
import java.io.Serializable;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.spark.Partitioner;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.JavaPairRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.util.SerializableConfiguration;

/**
 * Brings the images of one split into random order and writes them as shards. Each image is read and decoded once: its shuffle
 * is read twice, to find out what is rejected, and, indices being known then, to write.
 */
final class SplitWriter {
    private final JavaSparkContext spark;
    private final Split split;
    private final int classes;
    private final JavaPairRDD<Integer, Candidate> ordered;
    private final List<Survey> surveys;

    /** An image that is left out. */
    record Rejection(Split split, int number, String name, String reason) implements Serializable {}

    /** What there is in a shard to be. */
    private record Survey(int usable, List<Rejection> rejections) implements Serializable {}

    /**
     * What was written.
     *
     * @param imagesPerClass by label
     * @param digests the sum of the samples' digests
     */
    record ShardReport(
            String file,
            int images,
            ShardFile.Written written,
            List<Long> imagesPerClass,
            ChannelSums sums,
            BigInteger digests)
            implements Serializable {}

    /** Reads the split. */
    SplitWriter(JavaSparkContext spark, Source source, Split split, int imagesPerShard, long seed) {
        this.spark = spark;
        this.split = split;
        this.classes = source.classNames().size();
        int count = source.count(split);
        Broadcast<int[]> places =
                spark.broadcast(RandomStream.of("prepare-" + split.key(), seed).permutation(count));
        this.ordered = source.read(spark, split)
                .keyBy(candidate -> places.value()[candidate.number()])
                .repartitionAndSortWithinPartitions(new ByShard(count, imagesPerShard));
        Split part = split;
        this.surveys = ordered.values()
                .mapPartitions(candidates -> survey(part, candidates))
                .collect();
    }

    /** Cuts the places into runs of at most so many. */
    private static final class ByShard extends Partitioner {
        private static final long serialVersionUID = 1L;

        private final int shards;
        private final int imagesPerShard;

        ByShard(int images, int imagesPerShard) {
            this.shards = (int) (((long) images + imagesPerShard - 1) / imagesPerShard);
            this.imagesPerShard = imagesPerShard;
        }

        @Override
        public int numPartitions() {
            return shards;
        }

        @Override
        public int getPartition(Object place) {
            return (Integer) place / imagesPerShard;
        }
    }

    private static Iterator<Survey> survey(Split split, Iterator<Candidate> candidates) {
        int usable = 0;
        List<Rejection> rejections = new ArrayList<>();
        while (candidates.hasNext()) {
            Candidate candidate = candidates.next();
            if (candidate.isUsable()) {
                usable++;
            } else {
                rejections.add(new Rejection(split, candidate.number(), candidate.name(), candidate.rejection()));
            }
        }
        return List.of(new Survey(usable, rejections)).iterator();
    }

    /** In the source's order. */
    List<Rejection> rejections() {
        return surveys.stream()
                .flatMap(survey -> survey.rejections().stream())
                .sorted(Comparator.comparingInt(Rejection::number))
                .toList();
    }

    /** The number of images that are not rejected. */
    long usable() {
        return surveys.stream().mapToLong(Survey::usable).sum();
    }

    /**
     * Writes {@code split/part-00000.parquet} and so on.
     *
     * @param folder of the data set; also takes a folder of unfinished files, which is gone in the end
     * @return in the order of their indices
     */
    List<ShardReport> write(Path folder) throws IOException {
        FileSystem files = folder.getFileSystem(spark.hadoopConfiguration());
        Path attempts = new Path(folder, "attempts");
        files.mkdirs(attempts);
        files.mkdirs(new Path(folder, split.key()));
        ShardTask task =
                new ShardTask(folder.toString(), attempts.toString(), split, classes, firstIndices(), usablePerShard());
        SerializableConfiguration hadoop = new SerializableConfiguration(spark.hadoopConfiguration());
        List<ShardReport> reports = ordered.values()
                .mapPartitionsWithIndex((shard, candidates) -> task.write(shard, candidates, hadoop.value()), false)
                .collect();
        files.delete(attempts, true);
        return reports;
    }

    private int[] usablePerShard() {
        return surveys.stream().mapToInt(Survey::usable).toArray();
    }

    private long[] firstIndices() {
        long[] first = new long[surveys.size()];
        for (int i = 1; i < first.length; i++) {
            first[i] = first[i - 1] + surveys.get(i - 1).usable();
        }
        return first;
    }

    /** The part that runs on executors; arrays are by shard. */
    private record ShardTask(
            String folder, String attempts, Split split, int classes, long[] firstIndices, int[] usable)
            implements Serializable {
        Iterator<ShardReport> write(int shard, Iterator<Candidate> candidates, Configuration hadoop)
                throws IOException {
            if (usable[shard] == 0) {
                return List.<ShardReport>of().iterator();
            }
            String name = "part-%05d.parquet".formatted(shard);
            Path attempt = new Path(attempts, TaskContext.get().taskAttemptId() + "-" + name);
            ShardFile.Writer writer = new ShardFile.Writer(attempt, hadoop);
            long index = firstIndices[shard];
            Long[] imagesPerClass = new Long[classes];
            Arrays.fill(imagesPerClass, 0L);
            ChannelSums sums = ChannelSums.NONE;
            BigInteger digests = BigInteger.ZERO;
            try (writer) {
                while (candidates.hasNext()) {
                    Candidate candidate = candidates.next();
                    if (candidate.isUsable()) {
                        Sample sample = new Sample(index, candidate.label(), candidate.name(), candidate.image());
                        writer.write(sample);
                        index++;
                        imagesPerClass[sample.label()]++;
                        sums = sums.plus(candidate.sums());
                        digests = digests.add(new BigInteger(1, ShardFile.digest(sample)));
                    }
                }
            }
            int images = (int) (index - firstIndices[shard]);
            if (images != usable[shard]) {
                throw new IOException("%s has %d images now, and had %d: the input changes while it is read"
                        .formatted(name, images, usable[shard]));
            }
            publish(attempt, new Path(new Path(folder, split.key()), name), hadoop);
            ShardReport report =
                    new ShardReport(name, images, writer.written(), List.of(imagesPerClass), sums, digests);
            return List.of(report).iterator();
        }

        /** Another attempt at this task may have been faster: its file has the same bytes. */
        private static void publish(Path attempt, Path shard, Configuration hadoop) throws IOException {
            FileSystem files = shard.getFileSystem(hadoop);
            if (!files.rename(attempt, shard) && !files.exists(shard)) {
                throw new IOException("cannot rename " + attempt + " to " + shard);
            }
        }
    }
}
