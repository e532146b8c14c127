package org.sftn.job.run;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FSError;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.LocalFileSystem;
import org.apache.hadoop.fs.ParentNotDirectoryException;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.permission.FsAction;
import org.apache.hadoop.security.AccessControlException;
import org.jspecify.annotations.Nullable;
import org.sftn.conf.HadoopFiles;
import org.sftn.conf.Json;
import org.sftn.conf.Printable;
import org.sftn.conf.UserException;
import org.sftn.train.OutputFolder;
import org.sftn.train.platform.Stretch;

/** The output of one run: what may be written there, and what says how it ended. */
public final class RunFolder {
    public static final String CONFUSION = "confusion.csv";
    public static final String PREDICTIONS = "predictions.csv";

    /** What training writes beside run.json and result.json. */
    public static final List<String> TRAINING =
            withReport("checkpoints", "metrics.csv", "tensorboard", "model", "preliminary");

    /** What a study writes: its runs, and what came of them. */
    public static final List<String> STUDY = withReport("teachers", "students", "evaluations", "study.json");

    public static final List<String> EVALUATION = List.of(CONFUSION, PREDICTIONS);

    /** Of the JSON files of a run. */
    static final int FORMAT = 1;

    public static final String LOCK = "running.json";

    private static final int MAX_NAMED = 3;
    /** Of a file that is read whole: several times what a study of thousands of students writes. */
    private static final int MAX_BYTES = 512 << 20;

    private final OutputFolder out;
    private final List<String> written;
    private final RunDescription run;
    private final FileSystem files;
    private final Configuration hadoop;
    private final boolean overwrite;
    private final @Nullable RunResult finished;
    private final List<String> changes;

    private RunFolder(
            OutputFolder out,
            List<String> written,
            RunDescription run,
            FileSystem files,
            Configuration hadoop,
            boolean overwrite,
            @Nullable RunResult finished,
            List<String> changes) {
        this.out = out;
        this.written = written;
        this.run = run;
        this.files = files;
        this.hadoop = hadoop;
        this.overwrite = overwrite;
        this.finished = finished;
        this.changes = changes;
    }

    private static List<String> withReport(String... names) {
        List<String> all = new ArrayList<>(ReportFiles.NAMES);
        all.addAll(List.of(names));
        return List.copyOf(all);
    }

    /**
     * Writes nothing.
     *
     * @param written the names that the job writes beside run.json and result.json, in the order in which they are deleted
     * @throws UserException when the folder holds something else, or a run that may not be touched
     */
    public static RunFolder check(
            Path folder, RunDescription run, List<String> written, Existing existing, Configuration hadoop)
            throws IOException {
        OutputFolder out = new OutputFolder(folder);
        FileSystem files = folder.getFileSystem(hadoop);
        requireWritable(files, folder);
        List<String> names = names(files, folder);
        if (names.isEmpty()) {
            return new RunFolder(out, written, run, files, hadoop, false, null, List.of());
        }
        boolean ours = files.exists(out.run());
        Set<String> known = new HashSet<>(written);
        known.add(out.run().getName());
        known.add(out.result().getName());
        List<String> others =
                names.stream().filter(name -> !ours || !known.contains(name)).toList();
        boolean overwrite = existing == Existing.OVERWRITE;
        if (!ours || (overwrite && !others.isEmpty())) {
            String named = String.join(", ", others.subList(0, Math.min(MAX_NAMED, others.size())));
            throw new UserException(String.format(
                    Locale.ROOT,
                    "--out %s holds other files (%s%s): nothing is written there",
                    folder,
                    named,
                    others.size() > MAX_NAMED ? ", ..." : ""));
        }
        if (overwrite) {
            return new RunFolder(out, written, run, files, hadoop, true, null, List.of());
        }
        RunResult before = names.contains(out.result().getName()) ? read(files, out.result(), RunResult.class) : null;
        RunResult finished = before != null && before.status().equals(RunResult.DONE) ? before : null;
        if (existing == Existing.REFUSE) {
            throw new UserException(
                    finished != null
                            ? String.format(
                                    Locale.ROOT,
                                    "--out %s holds a finished run: take another folder, or add --overwrite to delete that run",
                                    folder)
                            : String.format(
                                    Locale.ROOT,
                                    "--out %s holds an unfinished run: add --resume to continue it, or --overwrite to delete it",
                                    folder));
        }
        RunDescription earlier = read(files, out.run(), RunDescription.class);
        List<String> differences = run.differencesFrom(earlier);
        List<String> changes = run.changesFrom(earlier);
        if (!differences.isEmpty()) {
            throw new UserException(String.format(
                    Locale.ROOT,
                    "the run in %s cannot be continued, it is another one: %s",
                    folder,
                    String.join("; ", differences)));
        }
        return new RunFolder(out, written, run, files, hadoop, false, finished, changes);
    }

    /** As far as that can be seen without writing. */
    public static void requireWritable(FileSystem files, Path folder) throws IOException {
        Path there = folder;
        while (there.getParent() != null && !files.exists(there)) {
            there = there.getParent();
        }
        if (!there.equals(folder) && files.getFileStatus(there).isFile()) {
            throw unwritable(folder, there + " is a file");
        }
        if (files instanceof LocalFileSystem local) {
            // Hadoop's check does not know that root may write everywhere.
            if (!local.pathToFile(there).canWrite()) {
                throw unwritable(folder, there + " is not writable for " + System.getProperty("user.name"));
            }
            return;
        }
        try {
            files.access(there, FsAction.WRITE);
        } catch (AccessControlException e) {
            throw unwritable(folder, e.getMessage());
        }
    }

    private static UserException unwritable(Path folder, String why) {
        return new UserException(String.format(Locale.ROOT, "--out %s cannot be written: %s", folder, why));
    }

    private static List<String> names(FileSystem files, Path folder) throws IOException {
        List<String> names = new ArrayList<>();
        try {
            if (files.getFileStatus(folder).isFile()) {
                throw new UserException("--out " + folder + " cannot be used: it is a file");
            }
            for (FileStatus each : files.listStatus(folder)) {
                // Left by a run that was killed while it wrote its first file, or before.
                String name = each.getPath().getName();
                if (!name.endsWith(HadoopFiles.UNFINISHED) && !name.equals(LOCK)) {
                    names.add(name);
                }
            }
        } catch (FileNotFoundException e) {
            return List.of();
        }
        names.sort(null);
        return names;
    }

    public OutputFolder out() {
        return out;
    }

    public RunDescription run() {
        return run;
    }

    /** What a resumed job says when nothing is left to do. */
    public String alreadyFinished(String summary) {
        String since = changes.isEmpty()
                ? ""
                : "; it was computed otherwise than it would be now: " + String.join("; ", changes);
        return "the run in " + out.root() + " is finished already: " + summary + since;
    }

    /** The result of this run when it is finished already, else null. */
    public @Nullable RunResult finished() {
        return finished;
    }

    /** What computes the run otherwise than before, for people. */
    public List<String> changes() {
        return changes;
    }

    /** Work during which no other run can use the folder. */
    @FunctionalInterface
    public interface Held<T> {
        /** @param lock takes what is to be known of the work while it goes on */
        T run(RunLock lock) throws Exception;
    }

    /** As the method below, for work that has the run's result itself. */
    public RunResult record(String application, Held<RunResult> work) throws Exception {
        return record(application, work, Function.identity());
    }

    /**
     * Does the work between {@code run.json} and {@code result.json}; a failure is recorded, too.
     *
     * @param application Spark's id of it
     * @param result what is written of the work's answer
     * @return the work's answer
     * @throws UserException when the folder is in use, or cannot be written
     */
    public <T> T record(String application, Held<T> work, Function<T, RunResult> result) throws Exception {
        return hold(application, lock -> {
            clear();
            if (!files.exists(out.run())) {
                write(out.run(), run);
            } else {
                RunDescription earlier = read(files, out.run(), RunDescription.class);
                if (!run.configuration().equals(earlier.configuration())) {
                    replace(out.run().getName(), run.with(earlier.computedBy()));
                }
            }
            files.delete(out.result(), false);
            try {
                T answer = work.run(lock);
                write(out.result(), result.apply(answer));
                return answer;
            } catch (Exception | Error e) {
                if (!lock.isLost()) {
                    recordFailure(e);
                }
                throw e;
            }
        });
    }

    /**
     * Adds to {@code run.json} what is known only when the run works.
     *
     * @param stretches all that has computed the run
     */
    public void computedBy(List<Stretch> stretches) throws IOException {
        RunDescription known = read(files, out.run(), RunDescription.class);
        if (!stretches.equals(known.computedBy())) {
            replace(out.run().getName(), known.with(stretches));
        }
    }

    private void recordFailure(Throwable e) {
        try {
            write(out.result(), RunResult.failed(run, e));
        } catch (IOException | RuntimeException | Error unwritten) {
            e.addSuppressed(unwritten);
        }
    }

    private <T> T hold(String application, Held<T> work) throws Exception {
        Path file = new Path(out.root(), LOCK);
        try (RunLock lock = lock(file, application)) {
            try {
                return work.run(lock);
            } catch (Exception e) {
                if (lock.isLost()) {
                    throw new UserException(
                            String.format(
                                    Locale.ROOT,
                                    "--out %s was taken over by another run while this one could not renew %s: this run has ended",
                                    out.root(),
                                    file.getName()),
                            e);
                }
                throw e;
            }
        }
    }

    private RunLock lock(Path file, String application) throws IOException, InterruptedException {
        try {
            files.mkdirs(file.getParent());
            return RunLock.acquire(out.root(), file, Running.now(run.job(), application), RunLock.Timing.USUAL, hadoop);
        } catch (AccessControlException | ParentNotDirectoryException e) {
            throw unwritable(out.root(), e.getMessage());
        } catch (IOException e) {
            if (files instanceof LocalFileSystem) {
                throw unwritable(out.root(), e.getMessage());
            }
            throw e;
        } catch (FSError e) {
            throw HadoopFiles.unwritten(file, e);
        }
    }

    /** Deletes the run that the user wants to be overwritten, if any. */
    private void clear() throws IOException {
        if (overwrite) {
            files.delete(out.result(), false);
            for (String name : written) {
                files.delete(new Path(out.root(), name), true);
            }
            // Last: until then the folder is known as ours.
            files.delete(out.run(), false);
        }
    }

    /** A file of the folder's own; readers see all of an older one of this name, or all of this one. */
    public void replace(String name, Object value) throws IOException {
        write(new Path(out.root(), name), value);
    }

    /** Likewise, of any folder. */
    public static void replace(Path path, String text, Configuration hadoop) throws IOException {
        HadoopFiles.replace(path, hadoop, to -> to.write(text.getBytes(StandardCharsets.UTF_8)));
    }

    private void write(Path path, Object value) throws IOException {
        byte[] json = Json.file(FORMAT, value);
        HadoopFiles.replace(path, hadoop, to -> to.write(json));
    }

    /** What the folder's run is; empty when there is none. */
    public static Optional<RunDescription> description(Path folder, Configuration hadoop) throws IOException {
        return ifThere(new OutputFolder(folder).run(), RunDescription.class, hadoop);
    }

    /** How the folder's run has ended; empty when it has not. */
    public static Optional<RunResult> result(Path folder, Configuration hadoop) throws IOException {
        return ifThere(new OutputFolder(folder).result(), RunResult.class, hadoop);
    }

    public static <T> Optional<T> ifThere(Path path, Class<T> type, Configuration hadoop) throws IOException {
        FileSystem files = path.getFileSystem(hadoop);
        return files.exists(path) ? Optional.of(read(files, path, type)) : Optional.empty();
    }

    private static <T> T read(FileSystem files, Path path, Class<T> type) throws IOException {
        if (files.getFileStatus(path).getLen() > MAX_BYTES) {
            throw new UserException(path + " cannot be read: it has more than " + MAX_BYTES + " bytes");
        }
        byte[] content;
        try (FSDataInputStream in = files.open(path)) {
            content = in.readAllBytes();
        }
        try {
            T value = Json.OPEN.readValue(content, type);
            if (value == null) {
                throw new UserException(path + " cannot be read: it holds nothing");
            }
            return value;
        } catch (IOException e) {
            throw new UserException(
                    String.format(Locale.ROOT, "%s cannot be read: %s", path, Printable.damageOfJson(e)), e);
        }
    }
}
