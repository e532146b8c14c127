package org.sftn.data;

import java.io.IOException;
import java.util.Arrays;
import java.util.Iterator;
import java.util.Locale;
import java.util.NoSuchElementException;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.jspecify.annotations.Nullable;
import org.sftn.conf.DataSettings.Damaged;
import org.sftn.conf.HadoopFiles;
import org.sftn.conf.PrepareSettings.Store;
import org.sftn.conf.UserException;
import org.sftn.data.image.Preprocessing;
import org.sftn.data.shard.ShardFile;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Images of one shard that follow each other.
 *
 * @param path of the shard
 * @param first the index of the first image
 * @param row of the first image in the shard
 * @param images at least 1
 * @param classes of the data set
 * @param imageBytes that each image must have; 0 when they differ
 * @param damaged what to do with images that cannot be read
 */
public record ShardRange(String path, long first, int row, int images, int classes, int imageBytes, Damaged damaged)
        implements RankData {
    private static final Logger LOG = LoggerFactory.getLogger(ShardRange.class);

    static int imageBytes(Store store, int imageSize) {
        return store == Store.PIXELS ? Preprocessing.CHANNELS * imageSize * imageSize : 0;
    }

    /** All but the first so many images. */
    ShardRange without(int skipped) {
        return new ShardRange(path, first + skipped, row + skipped, images - skipped, classes, imageBytes, damaged);
    }

    /** Labels in order; 0 where they cannot be read and that is to be skipped. */
    public int[] labels(Configuration hadoop) {
        try {
            int[] labels = ShardFile.labels(new Path(path), hadoop);
            if (labels.length >= row + images) {
                return Arrays.copyOfRange(labels, row, row + images);
            }
            throw new IOException("it has " + labels.length + " images, not " + (row + images));
        } catch (IOException | RuntimeException e) {
            skipOrFail(new UserException("the shard " + path + " is damaged: " + HadoopFiles.reason(e), e));
            return new int[images];
        }
    }

    public Images read(Configuration hadoop) {
        return new Images(hadoop);
    }

    private void skipOrFail(UserException damage) {
        if (damaged == Damaged.FAIL) {
            throw damage;
        }
        LOG.warn("{}: skipped", damage.getMessage(), damage.getCause());
    }

    /** The images in order; an image that is skipped comes as {@link Sample#damaged}. */
    public final class Images implements Iterator<Sample>, AutoCloseable {
        private final Configuration hadoop;
        private ShardFile.@Nullable Reader reader;
        private boolean broken;
        private int done;

        private Images(Configuration hadoop) {
            this.hadoop = hadoop;
        }

        @Override
        public boolean hasNext() {
            return done < images;
        }

        /** @throws UserException when the shard is damaged and that is not to be skipped */
        @Override
        public Sample next() {
            if (!hasNext()) {
                throw new NoSuchElementException();
            }
            long index = first + done;
            done++;
            return broken ? Sample.damaged(index) : read(index);
        }

        private Sample read(long index) {
            ShardFile.Row image;
            try {
                image = open().read();
                if (image == null) {
                    throw new IOException("it ends there");
                }
            } catch (ShardFile.DamagedException e) {
                skipOrFail(new UserException(
                        String.format(
                                Locale.ROOT, "the shard %s is damaged at image %d: %s", path, index, e.getMessage()),
                        e));
                return Sample.damaged(index);
            } catch (IOException | RuntimeException e) {
                broken = true;
                skipOrFail(new UserException(
                        String.format(
                                Locale.ROOT,
                                "the shard %s is damaged before image %d, %d images: %s",
                                path,
                                index,
                                images - done + 1,
                                HadoopFiles.reason(e)),
                        e));
                return Sample.damaged(index);
            }
            if (image.label() < 0
                    || image.label() >= classes
                    || imageBytes != 0 && image.image().length != imageBytes) {
                skipOrFail(new UserException(String.format(
                        Locale.ROOT,
                        "the shard %s is damaged at image %d: it has label %d of %d classes and %d bytes%s",
                        path,
                        index,
                        image.label(),
                        classes,
                        image.image().length,
                        imageBytes == 0 ? "" : " in place of " + imageBytes)));
                return Sample.damaged(index);
            }
            return new Sample(index, image.label(), image.name(), image.image());
        }

        private ShardFile.Reader open() throws IOException {
            ShardFile.Reader opened = reader;
            if (opened == null) {
                opened = new ShardFile.Reader(new Path(path), hadoop);
                reader = opened;
                for (int i = 0; i < row; i++) {
                    if (!opened.skip()) {
                        throw new IOException("it ends at image " + i);
                    }
                }
            }
            return opened;
        }

        @Override
        public void close() throws IOException {
            if (reader != null) {
                reader.close();
                reader = null;
                broken = true;
            }
        }
    }
}
