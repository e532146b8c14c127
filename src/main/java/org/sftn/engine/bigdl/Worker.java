package org.sftn.engine.bigdl;

import java.util.concurrent.CancellationException;
import java.util.concurrent.Phaser;

/** One of the threads that run a pass together, with its share of the batch and its private memory. */
final class Worker {
    final int index;
    final int workers;
    /** For the operation that runs; what it leaves there is lost. */
    final float[] scratch;
    /** Weight gradients of this worker's images, each operation at its own place. */
    final float[] kept;

    int batch;
    /** This worker's images: from, inclusive, to, exclusive. */
    int from;

    int to;
    /** Of the pass that runs. */
    private Phaser barrier = new Phaser();

    Worker(int index, int workers, int scratch, int kept) {
        this.index = index;
        this.workers = workers;
        this.scratch = new float[scratch];
        this.kept = new float[kept];
    }

    void start(int batch, Phaser barrier) {
        this.batch = batch;
        this.barrier = barrier;
        from = share(batch, index);
        to = share(batch, index + 1);
    }

    /** The first of this worker's share of things that are split between all; its end is {@code share(things, index + 1)}. */
    int share(int things, int worker) {
        return (int) ((long) things * worker / workers);
    }

    /** Waits until all workers are here. */
    void together() {
        if (barrier.arriveAndAwaitAdvance() < 0) {
            throw new CancellationException("another worker failed");
        }
    }
}
