package org.sftn.data;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.sftn.conf.Cause;

/**
 * The samples of one rank, by position: the sample with index {@code position * ranks + rank}. Images beyond the memory allowed
 * lie in one temporary local file. Any number of threads may read; an interrupt of a reading thread closes the file, as with
 * every {@link FileChannel}.
 */
public final class SampleStore implements AutoCloseable {
    private static final long DAMAGED = -1;

    /** @param image null when it lies in the file, at offset, or is damaged */
    private record Entry(long index, int label, String name, byte @Nullable [] image, long offset, int length) {}

    private final List<Entry> entries;
    /** Null when all images are in memory. */
    private final @Nullable FileChannel file;

    private SampleStore(List<Entry> entries, @Nullable FileChannel file) {
        this.entries = entries;
        this.file = file;
    }

    /**
     * @param samples every {@code ranks}-th sample of a split, in any order
     * @param memoryBytes how much of the images stays in memory; names and labels come on top
     * @param spillFolder exists; takes one file that is gone when this store is closed, or the process dies
     * @throws IllegalArgumentException when the indices are not evenly spaced, as those of one rank are
     */
    public static SampleStore load(Iterator<Sample> samples, long memoryBytes, Path spillFolder) throws IOException {
        List<Entry> entries = new ArrayList<>();
        FileChannel file = null;
        try {
            long inMemory = 0;
            long inFile = 0;
            while (samples.hasNext()) {
                Sample sample = samples.next();
                byte[] image = sample.image();
                if (image == null) {
                    entries.add(new Entry(sample.index(), sample.label(), sample.name(), null, DAMAGED, 0));
                } else if (inMemory + image.length <= memoryBytes) {
                    inMemory += image.length;
                    entries.add(new Entry(sample.index(), sample.label(), sample.name(), image, 0, image.length));
                } else {
                    try {
                        if (file == null) {
                            file = create(spillFolder);
                        }
                        append(file, image);
                    } catch (IOException e) {
                        throw new IOException(
                                "a temporary file of images (data.memory) in " + spillFolder + " cannot be written: "
                                        + Cause.of(e),
                                e);
                    }
                    entries.add(new Entry(sample.index(), sample.label(), sample.name(), null, inFile, image.length));
                    inFile += image.length;
                }
            }
            entries.sort(Comparator.comparingLong(Entry::index));
            checkEvenlySpaced(entries);
            return new SampleStore(List.copyOf(entries), file);
        } catch (Throwable e) {
            if (file != null) {
                file.close();
            }
            throw e;
        }
    }

    private static FileChannel create(Path folder) throws IOException {
        Path path = Files.createTempFile(folder, "sftn-images-", ".bin");
        return FileChannel.open(
                path, StandardOpenOption.READ, StandardOpenOption.WRITE, StandardOpenOption.DELETE_ON_CLOSE);
    }

    private static void append(FileChannel file, byte[] image) throws IOException {
        ByteBuffer buffer = ByteBuffer.wrap(image);
        while (buffer.hasRemaining()) {
            file.write(buffer);
        }
    }

    private static void checkEvenlySpaced(List<Entry> entries) {
        if (entries.size() < 2) {
            return;
        }
        long first = entries.get(0).index();
        long step = entries.get(1).index() - first;
        for (int i = 0; i < entries.size(); i++) {
            long index = entries.get(i).index();
            if (step < 1 || first >= step || index != first + i * step) {
                throw new IllegalArgumentException(String.format(
                        Locale.ROOT,
                        "the samples of a rank must be evenly spaced: index %d stands at position %d, after %d and %d",
                        index,
                        i,
                        first,
                        first + step));
            }
        }
    }

    public int size() {
        return entries.size();
    }

    public long index(int position) {
        return entries.get(position).index();
    }

    public int label(int position) {
        return entries.get(position).label();
    }

    /** The image's bytes are shared when they are in memory. */
    Sample sample(int position) {
        Entry entry = entries.get(position);
        return entry.offset() == DAMAGED
                ? Sample.damaged(entry.index())
                : new Sample(entry.index(), entry.label(), entry.name(), image(entry));
    }

    private byte[] image(Entry entry) {
        if (entry.image() != null) {
            return entry.image();
        }
        FileChannel spilled = Objects.requireNonNull(file);
        ByteBuffer buffer = ByteBuffer.allocate(entry.length());
        try {
            while (buffer.hasRemaining()) {
                if (spilled.read(buffer, entry.offset() + buffer.position()) < 0) {
                    throw new IOException("the temporary file of images ends at " + spilled.size()
                            + " bytes, before image " + entry.index());
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return buffer.array();
    }

    @Override
    public void close() throws IOException {
        if (file != null) {
            file.close();
        }
    }
}
