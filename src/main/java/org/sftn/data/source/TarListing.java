package org.sftn.data.source;

import java.io.IOException;
import java.io.InputStream;
import java.io.Serializable;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.apache.hadoop.fs.FSDataInputStream;
import org.jspecify.annotations.Nullable;
import org.sftn.conf.PrepareSettings.DamagedTars;
import org.sftn.conf.Printable;
import org.sftn.conf.UserException;

/**
 * The files in a tar archive, found by their headers alone; what lies between is not read.
 *
 * @param entries whole files in the archive's order; folders are left out
 * @param unreadable what has a name and no bytes that can be read by it, with the reason
 * @param damage where and why the listing ends early; null when the archive is whole
 */
public record TarListing(
        List<Entry> entries,
        List<Unreadable> unreadable,
        @Nullable Damage damage) implements Serializable {
    public static final String EXTENSION = ".tar";

    /**
     * A file.
     *
     * @param name as in the archive, made printable; never a path to read or write
     * @param offset of its first byte in the file that was listed
     * @param length in bytes
     */
    public record Entry(String name, long offset, long length) implements Serializable {
        /** Whether it or a folder that it lies in is, see {@link InputFolder#isHidden}. */
        public boolean isHidden() {
            return Stream.of(name.split("/")).anyMatch(part -> !part.equals(".") && InputFolder.isHidden(part));
        }
    }

    /** @param name made printable */
    public record Unreadable(String name, String reason) implements Serializable {}

    /**
     * A cut or damaged archive.
     *
     * @param entry the file that is cut; null when the damage is between files
     * @param files whole ones before it
     */
    public record Damage(@Nullable String entry, int files, String reason) implements Serializable {
        /**
         * What stands among the rejections.
         *
         * @param name of the archive, for the rejection
         * @param what begins the message when damaged archives are to fail
         * @throws UserException when they are
         */
        Rejection rejection(Split split, String name, String what, DamagedTars damagedTars) {
            if (damagedTars == DamagedTars.FAIL) {
                throw new UserException(String.format(
                        Locale.ROOT,
                        "%s, after %d whole files%s: %s; prepare.damaged-tars = skip uses what is whole",
                        what,
                        files,
                        entry == null ? "" : ", at " + entry,
                        reason));
            }
            return new Rejection(split, -1, entry == null ? name : name + "/" + entry, reason);
        }
    }

    /** What a tar is a multiple of. */
    private static final int RECORD_BYTES = 512;

    /** Of a file's header with long names and attributes before it; longer ones would fill the memory. */
    private static final int MAX_HEADER_BYTES = 256 << 10;

    /**
     * @param file that the archive lies in
     * @param start of the archive in the file
     * @param end of the archive in the file, at most the file's length
     */
    public static TarListing of(FSDataInputStream file, long start, long end) throws IOException {
        List<Entry> entries = new ArrayList<>();
        List<Unreadable> unreadable = new ArrayList<>();
        long at = start;
        while (at < end) {
            file.seek(at);
            Bounded header = new Bounded(file, Math.min(end - at, MAX_HEADER_BYTES));
            TarArchiveEntry entry;
            try {
                // One for each header: going from entry to entry it would read all that lies between.
                entry = new TarArchiveInputStream(header, StandardCharsets.UTF_8.name()).getNextEntry();
            } catch (IOException e) {
                if (header.failure != null) {
                    throw header.failure;
                }
                return damaged(entries, unreadable, at - start, Printable.of(String.valueOf(e.getMessage())));
            } catch (RuntimeException e) {
                return damaged(entries, unreadable, at - start, Printable.of(e.toString()));
            }
            if (entry == null) {
                return header.read < RECORD_BYTES
                        ? cut(entries, unreadable, at - start)
                        : new TarListing(entries, unreadable, null);
            }
            if (!entry.isCheckSumOK()) {
                return damaged(entries, unreadable, at - start, "the checksum of a file's header is wrong");
            }
            String name = Printable.of(entry.getName());
            long data = at + header.read;
            long size = entry.getSize();
            if (size < 0 || size > end - data) {
                return new TarListing(
                        entries,
                        unreadable,
                        new Damage(
                                name,
                                entries.size(),
                                String.format(
                                        Locale.ROOT,
                                        "the archive ends in it, %d bytes before its end",
                                        size - (end - data))));
            }
            String reason = unreadable(entry, file, at, end);
            if (reason != null) {
                unreadable.add(new Unreadable(name, reason));
            } else if (!entry.isDirectory()) {
                entries.add(new Entry(name, data, size));
            }
            at = data + (size + RECORD_BYTES - 1) / RECORD_BYTES * RECORD_BYTES;
        }
        return cut(entries, unreadable, end - start);
    }

    /** Null when it can be read. */
    private static @Nullable String unreadable(TarArchiveEntry entry, FSDataInputStream file, long at, long end)
            throws IOException {
        if (!isUtf8(entry.getName(), file, at, end)) {
            return "its name is not UTF-8";
        }
        if (entry.isLink() || entry.isSymbolicLink()) {
            return "it is a link in the tar, which holds its image elsewhere";
        }
        if (entry.isSparse()) {
            return "it is a sparse file";
        }
        // The library takes all for files that are no folders.
        return entry.isBlockDevice() || entry.isCharacterDevice() || entry.isFIFO() ? "it is no plain file" : null;
    }

    // The library makes question marks of bytes that are not UTF-8.
    private static boolean isUtf8(String name, FSDataInputStream file, long at, long end) throws IOException {
        if (!name.contains("?") && !name.contains("\uFFFD")) {
            return true;
        }
        file.seek(at);
        Bounded header = new Bounded(file, Math.min(end - at, MAX_HEADER_BYTES));
        String bytes = new TarArchiveInputStream(header, StandardCharsets.ISO_8859_1.name())
                .getNextEntry()
                .getName();
        try {
            StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes.getBytes(StandardCharsets.ISO_8859_1)));
            return true;
        } catch (CharacterCodingException e) {
            return false;
        }
    }

    private static TarListing cut(List<Entry> entries, List<Unreadable> unreadable, long at) {
        return new TarListing(
                entries,
                unreadable,
                new Damage(
                        null,
                        entries.size(),
                        String.format(Locale.ROOT, "the archive ends at byte %d without a mark of its end", at)));
    }

    private static TarListing damaged(List<Entry> entries, List<Unreadable> unreadable, long at, String reason) {
        return new TarListing(
                entries,
                unreadable,
                new Damage(
                        null,
                        entries.size(),
                        String.format(Locale.ROOT, "the archive is damaged at byte %d: %s", at, reason)));
    }

    /** A part of a stream, which counts; a failure of the stream itself is kept apart from what the reader makes of the bytes. */
    private static final class Bounded extends InputStream {
        private final InputStream in;
        private final long limit;
        private long read;
        private @Nullable IOException failure;

        Bounded(InputStream in, long limit) {
            this.in = in;
            this.limit = limit;
        }

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
        }

        @Override
        public int read(byte[] bytes, int offset, int length) throws IOException {
            if (read >= limit) {
                return -1;
            }
            try {
                int count = in.read(bytes, offset, (int) Math.min(length, limit - read));
                read += Math.max(0, count);
                return count;
            } catch (IOException e) {
                failure = e;
                throw e;
            }
        }
    }
}
