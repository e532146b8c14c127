package org.sftn.train;

import java.io.IOException;
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
}
