package org.sftn.engine.bigdl;

/** What an executable is for. */
enum Mode {
    TRAINING,
    INFERENCE
}
