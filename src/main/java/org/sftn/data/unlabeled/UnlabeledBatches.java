package org.sftn.data.unlabeled;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.apache.hadoop.conf.Configuration;
import org.jspecify.annotations.Nullable;
import org.sftn.conf.DaemonThreads;
import org.sftn.data.ImageViews;
import org.sftn.data.Sample;
import org.sftn.data.image.Preprocessing;
import org.sftn.data.image.UnusableImageException;
import org.sftn.data.source.InputFiles;
import org.sftn.nn.Layout;
import org.sftn.nn.Shape;
import org.sftn.nn.Tensor;

/**
 * Reads and decodes images for inference, a batch at a time and in their order. While one batch is in use the files of the next are
 * read, since that is waiting; decoding is left to {@link #next}, since it would take the cores from who uses the batch.
 */
public final class UnlabeledBatches implements AutoCloseable {
    /** Of files that wait in memory to be decoded; a single one may be longer. */
    private static final long AHEAD_BYTES = 64 << 20;

    /** An object store answers many requests side by side. */
    private static final int READERS = 8;

    /**
     * Images of equal size.
     *
     * @param images in their order
     * @param reasons why an image cannot be used, empty for those that can
     * @param values of as many images as the first batch has, so that one program computes all batches: zeros for those that cannot
     *     be used, and behind the last image; the next batch has the same memory
     */
    public record Batch(List<UnlabeledImage> images, List<Optional<String>> reasons, Tensor values) {
        public int size() {
            return images.size();
        }
    }

    /** Where the time has gone, in nanoseconds of {@link #next}. */
    public record Times(long waiting, long decoding) {}

    private record Ahead(UnlabeledImage image, CompletableFuture<byte[]> file) {}

    private final Iterator<UnlabeledImage> images;
    private final InputFiles files;
    private final Preprocessing preprocessing;
    private final Layout layout;
    private final ImageViews views;
    private final int size;
    private final ExecutorService readers;
    private final ExecutorService decoders;
    private final Deque<Ahead> ahead = new ArrayDeque<>();
    private long aheadBytes;
    private @Nullable UnlabeledImage next;
    private float[] values = {};
    private long waiting;
    private long decoding;

    /**
     * @param preprocessing of image files
     * @param layout of the batches
     * @param size images a batch; the last has what is left
     * @param threads that decode
     */
    public UnlabeledBatches(
            Iterator<UnlabeledImage> images,
            Preprocessing preprocessing,
            Layout layout,
            int size,
            int threads,
            Configuration hadoop) {
        this.images = images;
        this.files = new InputFiles(hadoop);
        this.preprocessing = preprocessing;
        this.layout = layout;
        this.views = new ImageViews(preprocessing, layout, 0);
        this.size = size;
        this.readers = Executors.newFixedThreadPool(READERS, new DaemonThreads("image-reader"));
        this.decoders = Executors.newFixedThreadPool(threads, new DaemonThreads("image-decoder"));
    }

    /** Empty after the last. */
    public Optional<Batch> next() throws IOException {
        List<Ahead> taken = new ArrayList<>();
        readAhead();
        while (taken.size() < size && !ahead.isEmpty()) {
            Ahead first = ahead.remove();
            taken.add(first);
            long start = System.nanoTime();
            wait(first.file());
            waiting += System.nanoTime() - start;
            aheadBytes -= first.image().length();
            if (taken.size() < size) {
                readAhead();
            }
        }
        if (taken.isEmpty()) {
            return Optional.empty();
        }
        long start = System.nanoTime();
        Batch batch = decode(taken);
        decoding += System.nanoTime() - start;
        readAhead();
        return Optional.of(batch);
    }

    private void readAhead() {
        while (ahead.size() < size) {
            if (next == null) {
                if (!images.hasNext()) {
                    return;
                }
                next = images.next();
            }
            if (!ahead.isEmpty() && aheadBytes + next.length() > AHEAD_BYTES) {
                return;
            }
            UnlabeledImage image = next;
            next = null;
            aheadBytes += image.length();
            ahead.add(new Ahead(image, CompletableFuture.supplyAsync(() -> read(image), readers)));
        }
    }

    private byte[] read(UnlabeledImage image) {
        try {
            return image.read(files);
        } catch (IOException | UnusableImageException e) {
            throw new CompletionException(e);
        }
    }

    // An unusable image is one that has no bytes when its turn comes.
    private static void wait(CompletableFuture<byte[]> file) throws IOException {
        try {
            file.join();
        } catch (CompletionException e) {
            if (e.getCause() instanceof IOException failure) {
                throw failure;
            }
            if (!(e.getCause() instanceof UnusableImageException)) {
                throw e;
            }
        }
    }

    private Batch decode(List<Ahead> taken) {
        int length = preprocessing.values();
        if (values.length == 0) {
            values = new float[Math.multiplyExact(taken.size(), length)];
        }
        Arrays.fill(values, taken.size() * length, values.length, 0);
        List<CompletableFuture<Optional<String>>> decoded = new ArrayList<>();
        for (int i = 0; i < taken.size(); i++) {
            Ahead each = taken.get(i);
            int offset = i * length;
            decoded.add(CompletableFuture.supplyAsync(() -> decode(each, offset), decoders));
        }
        List<Optional<String>> reasons =
                decoded.stream().map(CompletableFuture::join).toList();
        int side = preprocessing.imageSize();
        Tensor tensor =
                new Tensor(Shape.of(values.length / length, Preprocessing.CHANNELS, side, side), values, layout);
        return new Batch(taken.stream().map(Ahead::image).toList(), reasons, tensor);
    }

    /** Why the image cannot be used. */
    private Optional<String> decode(Ahead image, int offset) {
        try {
            byte[] file = image.file().join();
            views.evaluation(new Sample(0, 0, image.image().name(), file), values, offset);
            return Optional.empty();
        } catch (CompletionException e) {
            if (e.getCause() instanceof UnusableImageException unusable) {
                return unusable(unusable, offset);
            }
            throw e;
        } catch (UnusableImageException e) {
            return unusable(e, offset);
        }
    }

    private Optional<String> unusable(UnusableImageException why, int offset) {
        Arrays.fill(values, offset, offset + preprocessing.values(), 0);
        return Optional.of(why.getMessage());
    }

    /** So far. */
    public Times times() {
        return new Times(waiting, decoding);
    }

    @Override
    public void close() throws IOException {
        // Without an interrupt: it would close the file that the images are read from.
        readers.shutdown();
        decoders.shutdown();
        ahead.forEach(each -> each.file().exceptionally(e -> null).join());
        files.close();
    }
}
