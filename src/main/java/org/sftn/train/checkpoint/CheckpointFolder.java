package org.sftn.train.checkpoint;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.regex.Pattern;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.sftn.conf.HadoopFiles;
import org.sftn.conf.Json;
import org.sftn.conf.UserException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The checkpoints of a run, on the driver: {@code ITERATIONS.json}, the marker, and a folder with a file per rank. A checkpoint is
 * one from the moment its marker has its name.
 */
public final class CheckpointFolder {
    private static final Logger LOG = LoggerFactory.getLogger(CheckpointFolder.class);
    private static final Pattern MARKER = Pattern.compile("\\d{12}\\.json");
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,100}");
    private static final int MAX_MARKER_BYTES = 16 << 20;

    private final Path root;
    private final Configuration hadoop;

    public CheckpointFolder(Path root, Configuration hadoop) {
        this.root = root;
        this.hadoop = hadoop;
    }

    /** Where the ranks of an attempt write a checkpoint; nobody else does. */
    public static String folderName(long iterations, String attempt) {
        return String.format(Locale.ROOT, "%012d-%s", iterations, attempt);
    }

    public Path folder(Checkpoint checkpoint) {
        return new Path(root, checkpoint.folder());
    }

    /** The newest that is whole; a damaged one is passed over with a warning. */
    public Optional<Checkpoint> latest() throws IOException {
        List<Path> markers = markers();
        for (int i = markers.size() - 1; i >= 0; i--) {
            try {
                return Optional.of(verified(markers.get(i)));
            } catch (UserException e) {
                throw e;
            } catch (IOException | RuntimeException e) {
                LOG.warn("The checkpoint {} is damaged and not used: {}", markers.get(i), HadoopFiles.reason(e));
            }
        }
        if (!markers.isEmpty()) {
            throw new UserException(String.format(
                    Locale.ROOT,
                    "the run cannot be continued: none of the %d checkpoints in %s is whole",
                    markers.size(),
                    root));
        }
        return Optional.empty();
    }

    /** Iterations of the newest, which may be damaged; empty when there is none. */
    public OptionalLong newest() throws IOException {
        return markers().stream()
                .map(Path::getName)
                .mapToLong(name -> Long.parseLong(name.substring(0, name.indexOf('.'))))
                .max();
    }

    private Checkpoint verified(Path marker) throws IOException {
        JsonNode content = Json.COMPLETE.readTree(HadoopFiles.read(marker, MAX_MARKER_BYTES, hadoop));
        if (content.path(Json.FORMAT).asInt(Checkpoint.FORMAT) != Checkpoint.FORMAT) {
            throw new UserException(String.format(
                    Locale.ROOT,
                    "the run cannot be continued: its checkpoints are of another version, of format %s instead of %d; finish it with that version, or begin again with --overwrite",
                    content.path(Json.FORMAT),
                    Checkpoint.FORMAT));
        }
        Checkpoint checkpoint = Json.COMPLETE.treeToValue(content, Checkpoint.class);
        if (checkpoint.ranks() < 1 || checkpoint.files().size() != checkpoint.ranks() || !isName(checkpoint.folder())) {
            throw new IOException("its marker contradicts itself");
        }
        for (Checkpoint.File file : checkpoint.files()) {
            if (!isName(file.name())) {
                throw new IOException("'" + file.name() + "' is no name of a file");
            }
            RankFile.verify(folder(checkpoint), file, hadoop);
        }
        return checkpoint;
    }

    // A marker must not lead out of its folder.
    private static boolean isName(String name) {
        return NAME.matcher(name).matches();
    }

    /**
     * Makes it a checkpoint, then removes the oldest.
     *
     * @param keep how many stay, at least 1
     */
    public void commit(Checkpoint checkpoint, int keep) throws IOException {
        Path marker = new Path(root, String.format(Locale.ROOT, "%012d.json", checkpoint.iterations()));
        byte[] bytes = Json.file(checkpoint);
        HadoopFiles.replace(marker, hadoop, out -> out.write(bytes));
        List<Path> markers = markers();
        // A later one is damaged, else the run would have begun there.
        markers.removeIf(each -> each.getName().compareTo(marker.getName()) > 0);
        FileSystem files = root.getFileSystem(hadoop);
        for (Path old : markers.subList(0, Math.max(0, markers.size() - keep))) {
            files.delete(old, false);
        }
        removeUnmarked(checkpoint.folder());
    }

    /** Removes what attempts have left that did not come to a marker. */
    public void removeUnmarked() throws IOException {
        removeUnmarked("");
    }

    // Later folders stay: the ranks may be writing them by now.
    private void removeUnmarked(String before) throws IOException {
        Set<String> marked = new HashSet<>();
        for (Path marker : markers()) {
            marked.add(marker.getName().substring(0, marker.getName().indexOf('.')));
        }
        FileSystem files = root.getFileSystem(hadoop);
        for (FileStatus each : list()) {
            String name = each.getPath().getName();
            boolean late = !before.isEmpty() && name.compareTo(before) > 0;
            if (each.isDirectory() && !late && !marked.contains(name.split("-")[0])) {
                files.delete(each.getPath(), true);
            }
        }
    }

    /** From the oldest to the newest. */
    private List<Path> markers() throws IOException {
        List<Path> markers = new ArrayList<>();
        for (FileStatus each : list()) {
            if (each.isFile() && MARKER.matcher(each.getPath().getName()).matches()) {
                markers.add(each.getPath());
            }
        }
        markers.sort(Comparator.comparing(Path::getName));
        return markers;
    }

    private FileStatus[] list() throws IOException {
        try {
            return root.getFileSystem(hadoop).listStatus(root);
        } catch (FileNotFoundException e) {
            return new FileStatus[0];
        }
    }
}
