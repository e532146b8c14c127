package org.sftn.job;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.sftn.conf.UserException;
import org.sftn.train.OutputFolder;

/** The output of one run: what may be written there, and what says how it ended. */
final class RunFolder {
    static final String CONFUSION = "confusion.csv";
    static final String PREDICTIONS = "predictions.csv";

    /** What training writes beside run.json and result.json. */
    static final Set<String> TRAINING = Set.of("checkpoints", "metrics.csv", "tensorboard", "model", "preliminary");

    static final Set<String> EVALUATION = Set.of(CONFUSION, PREDICTIONS);

    private static final ObjectMapper JSON = JsonMapper.builder()
            .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
            .enable(SerializationFeature.INDENT_OUTPUT)
            .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .build();
    private static final String UNFINISHED = ".unfinished";
    private static final int MAX_NAMED = 3;

    private final OutputFolder out;
    private final Set<String> written;
    private final RunDescription run;
    private final FileSystem files;
    private final boolean overwrite;
    private final RunResult finished;

    private RunFolder(
            OutputFolder out,
            Set<String> written,
            RunDescription run,
            FileSystem files,
            boolean overwrite,
            RunResult finished) {
        this.out = out;
        this.written = written;
        this.run = run;
        this.files = files;
        this.overwrite = overwrite;
        this.finished = finished;
    }

    /**
     * Writes nothing.
     *
     * @param written the names that the job writes beside run.json and result.json
     * @throws UserException when the folder holds something else, or a run that may not be touched
     */
    static RunFolder check(
            Path folder, RunDescription run, Set<String> written, Options.Existing existing, Configuration hadoop)
            throws IOException {
        OutputFolder out = new OutputFolder(folder);
        FileSystem files = folder.getFileSystem(hadoop);
        List<String> names = names(files, folder);
        if (names.isEmpty()) {
            return new RunFolder(out, written, run, files, false, null);
        }
        boolean ours = names.contains(out.run().getName());
        Set<String> known = new HashSet<>(written);
        known.add(out.run().getName());
        known.add(out.result().getName());
        List<String> others =
                names.stream().filter(name -> !ours || !known.contains(name)).toList();
        boolean overwrite = existing == Options.Existing.OVERWRITE;
        if (!ours || (overwrite && !others.isEmpty())) {
            String named = String.join(", ", others.subList(0, Math.min(MAX_NAMED, others.size())));
            throw new UserException("--out %s holds other files (%s%s): nothing is written there"
                    .formatted(folder, named, others.size() > MAX_NAMED ? ", ..." : ""));
        }
        if (overwrite) {
            return new RunFolder(out, written, run, files, true, null);
        }
        RunResult before = names.contains(out.result().getName()) ? read(files, out.result(), RunResult.class) : null;
        RunResult finished = before != null && before.status().equals(RunResult.DONE) ? before : null;
        if (existing == Options.Existing.REFUSE) {
            throw new UserException(
                    finished != null
                            ? "--out %s holds a finished run: take another folder, or add --overwrite to delete that run"
                                    .formatted(folder)
                            : "--out %s holds an unfinished run: add --resume to continue it, or --overwrite to delete it"
                                    .formatted(folder));
        }
        List<String> differences = run.differencesFrom(read(files, out.run(), RunDescription.class));
        if (!differences.isEmpty()) {
            throw new UserException("the run in %s cannot be continued, it is another one: %s"
                    .formatted(folder, String.join("; ", differences)));
        }
        return new RunFolder(out, written, run, files, false, finished);
    }

    private static List<String> names(FileSystem files, Path folder) throws IOException {
        List<String> names = new ArrayList<>();
        try {
            if (files.getFileStatus(folder).isFile()) {
                throw new UserException("--out " + folder + " cannot be used: it is a file");
            }
            for (FileStatus each : files.listStatus(folder)) {
                // Left by a run that was killed while it wrote its first file.
                if (!each.getPath().getName().endsWith(UNFINISHED)) {
                    names.add(each.getPath().getName());
                }
            }
        } catch (FileNotFoundException e) {
            return List.of();
        }
        names.sort(null);
        return names;
    }

    OutputFolder out() {
        return out;
    }

    RunDescription run() {
        return run;
    }

    /** What a resumed job does when nothing is left to do. */
    Plan alreadyFinished(String summary) {
        return new Plan(List.of(), () -> "the run in " + out.root() + " is finished already: " + summary);
    }

    /** The result of this run when it is finished already, else null. */
    RunResult finished() {
        return finished;
    }

    /** Work that ends with a result. */
    @FunctionalInterface
    interface Body {
        RunResult run() throws Exception;
    }

    /** Does the work between {@code run.json} and {@code result.json}; a failure is recorded, too. */
    RunResult record(Body body) throws Exception {
        clear();
        if (!files.exists(out.run())) {
            write(out.run(), run);
        }
        files.delete(out.result(), false);
        try {
            RunResult result = body.run();
            write(out.result(), result);
            return result;
        } catch (Exception e) {
            try {
                write(out.result(), RunResult.failed(run, e));
            } catch (IOException | RuntimeException unwritten) {
                e.addSuppressed(unwritten);
            }
            throw e;
        }
    }

    /** Deletes the run that the user wants to be overwritten, if any. */
    void clear() throws IOException {
        if (overwrite) {
            files.delete(out.result(), false);
            for (String name : written) {
                files.delete(new Path(out.root(), name), true);
            }
            // Last: until then the folder is known as ours.
            files.delete(out.run(), false);
        }
    }

    /** Says that all is done already. */
    RunResult record(RunResult result) throws IOException {
        write(out.run(), run);
        write(out.result(), result);
        return result;
    }

    /** The file must not exist; it is whole when it does. */
    private void write(Path path, Object value) throws IOException {
        Path unfinished = path.suffix(UNFINISHED);
        try (FSDataOutputStream to = files.create(unfinished, true)) {
            to.write((JSON.writeValueAsString(value) + "\n").getBytes(StandardCharsets.UTF_8));
        }
        if (!files.rename(unfinished, path)) {
            throw new IOException("cannot rename " + unfinished + " to " + path);
        }
    }

    private static <T> T read(FileSystem files, Path path, Class<T> type) throws IOException {
        try (FSDataInputStream in = files.open(path)) {
            return JSON.readValue(in.readAllBytes(), type);
        } catch (JsonProcessingException e) {
            throw new UserException(path + " cannot be read: " + e.getOriginalMessage(), e);
        }
    }
}
