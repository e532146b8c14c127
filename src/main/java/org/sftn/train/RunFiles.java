package org.sftn.train;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.apache.hadoop.conf.Configuration;

/** What the files of a run say of it, whether it goes on or not. */
public final class RunFiles {
    private final OutputFolder folder;
    private final Configuration hadoop;

    public RunFiles(OutputFolder folder, Configuration hadoop) {
        this.folder = folder;
        this.hadoop = hadoop;
    }

    /** Iterations of the newest checkpoint, which is not verified; empty when there is none. */
    public OptionalLong checkpoint() throws IOException {
        return new CheckpointFolder(folder.checkpoints(), hadoop).newest();
    }

    /** The last row of {@code metrics.csv}, by column; empty when no epoch is done. */
    public Optional<Map<String, String>> epoch() throws IOException {
        List<Map<String, String>> rows =
                MetricsFile.open(folder.metrics(), Long.MAX_VALUE, hadoop).rows();
        return rows.isEmpty() ? Optional.empty() : Optional.of(rows.get(rows.size() - 1));
    }
}
