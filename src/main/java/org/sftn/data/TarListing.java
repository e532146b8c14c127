package org.sftn.data;

import java.io.IOException;
import java.io.InputStream;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.apache.hadoop.fs.FSDataInputStream;
import org.sftn.conf.Printable;

/**
 * The files in a tar archive, found by their headers alone; what lies between is not read.
 *
 * @param entries whole files in the archive's order; folders and devices are left out
 * @param links the names of links, whose files are not looked for
 * @param damage where and why the listing ends early; null when the archive is whole
 */
record TarListing(List<Entry> entries, List<String> links, Damage damage) implements Serializable {
    /**
     * A file.
     *
     * @param name as in the archive, made printable; never a path to read or write
     * @param offset of its first byte in the file that was listed
     * @param length in bytes
     */
    record Entry(String name, long offset, long length) implements Serializable {}

    /**
     * A cut or damaged archive.
     *
     * @param entry the file that is cut; null when the damage is between files
     */
    record Damage(String entry, String reason) implements Serializable {}

    /** What a tar is a multiple of. */
    private static final int RECORD_BYTES = 512;

    /** Of a file's header with long names and attributes before it; longer ones would fill the memory. */
    private static final int MAX_HEADER_BYTES = 256 << 10;

    /**
     * @param file that the archive lies in
     * @param start of the archive in the file
     * @param end of the archive in the file, at most the file's length
     */
    static TarListing of(FSDataInputStream file, long start, long end) throws IOException {
        List<Entry> entries = new ArrayList<>();
        List<String> links = new ArrayList<>();
        long at = start;
        while (at < end) {
            file.seek(at);
            Bounded header = new Bounded(file, Math.min(end - at, MAX_HEADER_BYTES));
            TarArchiveEntry entry;
            try {
                // One for each header: going from entry to entry it would read all that lies between.
                entry = new TarArchiveInputStream(header).getNextEntry();
            } catch (IOException e) {
                if (header.failure != null) {
                    throw header.failure;
                }
                return new TarListing(
                        entries, links, damaged(at - start, Printable.of(String.valueOf(e.getMessage()))));
            } catch (RuntimeException e) {
                return new TarListing(entries, links, damaged(at - start, Printable.of(e.toString())));
            }
            if (entry == null) {
                return header.read < RECORD_BYTES
                        ? cut(entries, links, at - start)
                        : new TarListing(entries, links, null);
            }
            if (!entry.isCheckSumOK()) {
                return new TarListing(entries, links, damaged(at - start, "the checksum of a file's header is wrong"));
            }
            String name = Printable.of(entry.getName());
            long data = at + header.read;
            long size = entry.getSize();
            if (size < 0 || size > end - data) {
                return new TarListing(
                        entries,
                        links,
                        new Damage(
                                name,
                                "the archive ends in it, %d bytes before its end".formatted(size - (end - data))));
            }
            if (entry.isLink() || entry.isSymbolicLink()) {
                links.add(name);
            } else if (isPlain(entry) && !entry.isSparse()) {
                entries.add(new Entry(name, data, size));
            }
            at = data + (size + RECORD_BYTES - 1) / RECORD_BYTES * RECORD_BYTES;
        }
        return cut(entries, links, end - start);
    }

    // The library takes all for files that are no folders.
    private static boolean isPlain(TarArchiveEntry entry) {
        return entry.isFile() && !entry.isBlockDevice() && !entry.isCharacterDevice() && !entry.isFIFO();
    }

    private static TarListing cut(List<Entry> entries, List<String> links, long at) {
        return new TarListing(
                entries,
                links,
                new Damage(null, "the archive ends at byte %d without a mark of its end".formatted(at)));
    }

    private static Damage damaged(long at, String reason) {
        return new Damage(null, "the archive is damaged at byte %d: %s".formatted(at, reason));
    }

    /** A part of a stream, which counts; a failure of the stream itself is kept apart from what the reader makes of the bytes. */
    private static final class Bounded extends InputStream {
        private final InputStream in;
        private final long limit;
        private long read;
        private IOException failure;

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
