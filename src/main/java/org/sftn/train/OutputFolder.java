package org.sftn.train;

import org.apache.hadoop.fs.Path;

/** Where a run's files lie. */
public record OutputFolder(Path root) {
    /** What the run is, written first. */
    public Path run() {
        return new Path(root, "run.json");
    }

    public Path checkpoints() {
        return new Path(root, "checkpoints");
    }

    public Path metrics() {
        return new Path(root, "metrics.csv");
    }

    public Path tensorboard() {
        return new Path(root, "tensorboard");
    }

    public Path model() {
        return new Path(root, "model");
    }

    /** The files of a stage that comes before. */
    public OutputFolder preliminary() {
        return new OutputFolder(new Path(root, "preliminary"));
    }

    /** How the run ended, written last. */
    public Path result() {
        return new Path(root, "result.json");
    }
}
