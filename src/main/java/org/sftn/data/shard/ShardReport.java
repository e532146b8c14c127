package org.sftn.data.shard;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.jspecify.annotations.Nullable;
import org.sftn.conf.HadoopFiles;
import org.sftn.conf.Json;
import org.sftn.data.image.ChannelSums;
import org.sftn.data.source.Rejection;

/**
 * What became of the images that were to form one shard. It lies beside the shard until the data set is whole, and says to a later
 * attempt that the shard is done.
 *
 * @param file the shard's name; there is none of this name when no image is usable
 * @param images in the shard
 * @param bytes of the file
 * @param sha256 of the file
 * @param imagesPerClass by label
 * @param sums of the pixels
 * @param digest of labels and images
 * @param rejections in the order of the places they would have had
 */
public record ShardReport(
        String file,
        int images,
        long bytes,
        String sha256,
        List<Long> imagesPerClass,
        ChannelSums sums,
        ContentDigest digest,
        List<Rejection> rejections)
        implements java.io.Serializable {
    private static final int MAX_BYTES = 64 << 20;

    public ShardReport {
        imagesPerClass = List.copyOf(imagesPerClass);
        rejections = List.copyOf(rejections);
    }

    private static Path path(Path folder, String file) {
        return new Path(folder, file + ".json");
    }

    /** @param folder of reports */
    void write(Path folder, Configuration hadoop) throws IOException {
        byte[] json = Json.file(this);
        HadoopFiles.write(folder.getFileSystem(hadoop), path(folder, file), true, out -> out.write(json));
    }

    /**
     * @param folder of reports
     * @param shard where the file would be
     * @param classes of the data set
     * @return null when the shard is not done: there is no whole report, or not the file that it reports
     */
    public static @Nullable ShardReport read(Path folder, Path shard, int classes, Configuration hadoop)
            throws IOException {
        FileSystem files = folder.getFileSystem(hadoop);
        byte[] json;
        long length;
        try {
            json = HadoopFiles.read(path(folder, shard.getName()), MAX_BYTES, hadoop);
            length = files.exists(shard) ? files.getFileStatus(shard).getLen() : -1;
        } catch (FileNotFoundException e) {
            return null;
        }
        try {
            ShardReport report = Json.COMPLETE.readValue(json, ShardReport.class);
            boolean done = report != null
                    && report.file.equals(shard.getName())
                    && report.imagesPerClass.size() == classes
                    && (report.images == 0 || length == report.bytes);
            return done ? report : null;
        } catch (IOException e) {
            // A report that was cut off by a crash.
            return null;
        }
    }
}
