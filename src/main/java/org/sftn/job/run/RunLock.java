package org.sftn.job.run;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.time.Duration;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FSError;
import org.apache.hadoop.fs.FileAlreadyExistsException;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.LocalFileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RawLocalFileSystem;
import org.jspecify.annotations.Nullable;
import org.sftn.conf.DaemonThreads;
import org.sftn.conf.HadoopFiles;
import org.sftn.conf.Json;
import org.sftn.conf.UserException;
import org.sftn.train.progress.TrainingProgress;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps a second run out of a folder by a file, {@link Running}, that its owner renews. A file that nobody renews any more was left
 * by a run that is dead, and is taken over; no clocks are compared. Works on every Hadoop file system.
 */
public final class RunLock implements AutoCloseable {
    /** How often the file is renewed, and how long one that is not renewed counts. */
    public record Timing(Duration renewal, Duration patience) {
        public static final Timing USUAL = new Timing(Duration.ofSeconds(5), Duration.ofSeconds(20));
    }

    private static final Logger LOG = LoggerFactory.getLogger(RunLock.class);
    private static final int MAX_BYTES = 1 << 20;
    // Of a file that is replaced again and again.
    private static final int READINGS = 5;

    private final Path out;
    private final Path file;
    private final FileSystem files;
    private final Configuration hadoop;
    private final Timing timing;
    private final Thread owner = Thread.currentThread();
    private final Thread renewing = new DaemonThreads("run-lock").newThread(this::renewAgainAndAgain);
    private Running own;
    private boolean closed;
    private boolean lost;

    private RunLock(Path out, Path file, FileSystem files, Configuration hadoop, Timing timing, Running own) {
        this.out = out;
        this.file = file;
        this.files = files;
        this.hadoop = hadoop;
        this.timing = timing;
        this.own = own;
    }

    /**
     * Takes the lock; may wait for {@code patience} to see whether its last owner is alive.
     *
     * @param out what is locked, for messages
     * @param file in a folder that exists
     * @throws UserException when another run holds it
     */
    static RunLock acquire(Path out, Path file, Running own, Timing timing, Configuration hadoop)
            throws IOException, InterruptedException {
        RunLock lock = new RunLock(out, file, files(file, hadoop), hadoop, timing, own);
        while (!lock.created()) {
            byte[] there = content(lock.files, file);
            if (there == null) {
                continue;
            }
            lock.requireDead(there);
            if (lock.isOursAfterWriting()) {
                LOG.info("{} was left by a run that has ended and is taken over", file);
                break;
            }
        }
        lock.write(own);
        lock.renewing.start();
        return lock;
    }

    /** What a file says of its run; empty when there is none, or when it is damaged. */
    public static Optional<Running> read(Path file, Configuration hadoop) throws IOException {
        byte[] content = content(files(file, hadoop), file);
        return content == null ? Optional.empty() : parse(content);
    }

    // With checksums, which are files of their own, a reader could see one of before and one of after.
    private static FileSystem files(Path file, Configuration hadoop) throws IOException {
        FileSystem files = file.getFileSystem(hadoop);
        return files instanceof LocalFileSystem local ? local.getRawFileSystem() : files;
    }

    private static Optional<Running> parse(byte[] content) {
        try {
            return Optional.ofNullable(Json.OPEN.readValue(content, Running.class));
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    private void requireDead(byte[] there) throws IOException, InterruptedException {
        if (parse(there).filter(Running::hasEnded).isPresent()) {
            return;
        }
        long end = System.nanoTime() + timing.patience().toNanos();
        while (System.nanoTime() < end) {
            Thread.sleep(timing.renewal().toMillis() / 5);
            byte[] now = content(files, file);
            if (now == null) {
                return;
            }
            if (!Arrays.equals(now, there)) {
                throw new UserException(String.format(
                        Locale.ROOT,
                        "--out %s is in use by another run (%s): wait for it, or take another folder",
                        out,
                        parse(now).map(Running::toString).orElse("it has just begun")));
            }
        }
    }

    /** Of two that try at the same time one succeeds; false when the file is there already. */
    private boolean created() throws IOException, InterruptedException {
        if (files instanceof RawLocalFileSystem local) {
            // Hadoop's looks first and creates then.
            return local.pathToFile(file).createNewFile();
        }
        if (HadoopFiles.isWholeAtClose(files, file)) {
            return content(files, file) == null && isOursAfterWriting();
        }
        try (FSDataOutputStream out = files.create(file, false)) {
            return true;
        } catch (FileAlreadyExistsException e) {
            return false;
        }
    }

    /** Another run may have found the same: the last one that wrote has the lock. */
    private boolean isOursAfterWriting() throws IOException, InterruptedException {
        write(own);
        Thread.sleep(timing.renewal().toMillis() / 2);
        return isOwn();
    }

    /** Null when there is no file. */
    private static byte @Nullable [] content(FileSystem files, Path file) throws IOException {
        for (int reading = 1; ; reading++) {
            try (FSDataInputStream in = files.open(file)) {
                return in.readNBytes(MAX_BYTES);
            } catch (FileNotFoundException e) {
                return null;
            } catch (IOException e) {
                // An object store tells a reader that the file was replaced while it was read.
                if (reading == READINGS) {
                    throw e;
                }
            }
        }
    }

    private boolean isOwn() throws IOException {
        byte[] content = content(files, file);
        return content != null
                && parse(content)
                        .filter(there -> there.token().equals(own.token()))
                        .isPresent();
    }

    private void write(Running state) throws IOException {
        byte[] text = Json.file(RunFolder.FORMAT, state);
        // Another run may write at the same time.
        Path unfinished = file.suffix("." + own.token() + HadoopFiles.UNFINISHED);
        HadoopFiles.replace(files, file, unfinished, hadoop, out -> out.write(text));
    }

    /** What the file says from its next renewal on. */
    public synchronized void say(TrainingProgress progress) {
        own = own.renewedWith(progress);
    }

    /** True when another run has taken over, so that nothing may be written any more; the owner's thread was interrupted. */
    synchronized boolean isLost() {
        return lost;
    }

    private void renewAgainAndAgain() {
        boolean warned = false;
        try {
            while (!isClosed()) {
                try {
                    renew();
                    warned = false;
                } catch (IOException | FSError e) {
                    if (!warned) {
                        LOG.warn("{} cannot be renewed now: {}", file, e.toString());
                    }
                    warned = true;
                }
                Thread.sleep(timing.renewal().toMillis());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private synchronized boolean isClosed() {
        return closed || lost;
    }

    private synchronized void renew() throws IOException {
        if (closed) {
            return;
        }
        if (!isOwn()) {
            lost = true;
            LOG.error("{} is another run's now: this run ends", file);
            owner.interrupt();
            return;
        }
        own = own.renewedWith(own.progress());
        write(own);
    }

    @Override
    public synchronized void close() {
        closed = true;
        renewing.interrupt();
        try {
            if (!lost && isOwn()) {
                files.delete(file, false);
            }
        } catch (IOException | FSError e) {
            // The next run will find that nobody renews it.
            LOG.warn("{} cannot be removed: {}", file, e.toString());
        }
    }
}
